/* etcdctl.c: see etcdctl.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "etcdctl.h"

enum {
    POLL_MS = 100, /* a look at etcd costs a process each time */
    OPTIONS_N = 5,
};

/* How long etcdctl waits for an answer. Its own 5 s are not enough on a busy
 * machine. An option, because etcdctl reads the variable of that name too late
 * for most of what it does. PATIENT is PROCESS_PATIENCE_MS. */
#define QUICK "5s"
#define PATIENT "60s"

static struct process *start(struct process_set *set, const char *endpoints,
                             const char *timeout, const char *const *argv,
                             const char *const *login)
{
    const char *whole[OPTIONS_N + ETCDCTL_ARGUMENTS_MAX + 1] = {
        "etcdctl", "--endpoints", endpoints, "--command-timeout", timeout
    };
    for (size_t i = 0; argv[i]; i++) {
        assert_true(i < ETCDCTL_ARGUMENTS_MAX);
        whole[OPTIONS_N + i] = argv[i];
    }
    return process_start(set, PROCESS_PIPES, whole, login);
}

struct process *etcdctl_start_argv(struct process_set *set,
                                   const char *endpoints,
                                   const char *const *argv)
{
    return start(set, endpoints, QUICK, argv, NULL);
}

struct process *etcdctl_start_at(struct etcd_server *server,
                                 const char *endpoints, const char *const *argv)
{
    return start(etcd_server_set(server), endpoints, QUICK, argv,
                 etcd_server_login(server));
}

const char *etcdctl_run(struct etcd_server *server, const char *const *argv)
{
    struct process *p = start(etcd_server_set(server),
                              etcd_server_endpoints(server), PATIENT, argv,
                              etcd_server_login(server));
    process_close_input(p);
    process_expect_exit(p, 0);
    char *said = etcd_server_scratch(server);
    int n = snprintf(said, ETCD_SERVER_SCRATCH_BYTES, "%s", process_output(p));
    assert_in_range(n, 0, ETCD_SERVER_SCRATCH_BYTES - 1);
    process_free(p);
    return said;
}

/* ---- its "fields" format: "Name" : number, or "Name" : "text" ---- */

/* The text between the quotes of a line's value, as it stands there. */
static void copy_text(const char *line, char *ret_text)
{
    const char *start = strstr(line, " : \"");
    assert_non_null(start);
    start += 4;
    const char *end = strchr(start, '\n');
    assert_non_null(end);
    assert_true(end > start && end - start <= ETCDCTL_TEXT_BYTES_MAX);
    memcpy(ret_text, start, (size_t)(end - start - 1));
    ret_text[end - start - 1] = '\0';
}

/* If the line begins so, the number that follows. */
static void read_number(const char *line, const char *start, int64_t *number)
{
    size_t bytes = strlen(start);
    if (strncmp(line, start, bytes) == 0)
        *number = strtoll(line + bytes, NULL, 10);
}

static void read_line(const char *line, struct etcdctl_key *key)
{
    read_number(line, "\"CreateRevision\" : ", &key->create_revision);
    read_number(line, "\"ModRevision\" : ", &key->mod_revision);
    read_number(line, "\"Lease\" : ", &key->lease);
    if (strncmp(line, "\"Key\"", 5) == 0)
        copy_text(line, key->key);
    else if (strncmp(line, "\"Value\"", 7) == 0)
        copy_text(line, key->value);
}

static size_t read_keys(const char *said, struct etcdctl_key *ret_keys,
                        size_t max)
{
    size_t n = 0;
    for (const char *line = said; *line; line = strchr(line, '\n') + 1) {
        if (strncmp(line, "\"Key\"", 5) == 0) {
            assert_true(n < max);
            ret_keys[n++] = (struct etcdctl_key){ 0 };
        }
        if (n > 0)
            read_line(line, &ret_keys[n - 1]);
        assert_non_null(strchr(line, '\n'));
    }
    return n;
}

struct etcdctl_key etcdctl_get(struct etcd_server *server, const char *key)
{
    struct etcdctl_key found = { 0 };
    read_keys(etcdctl(server, "get", "-w", "fields", key), &found, 1);
    return found;
}

size_t etcdctl_list(struct etcd_server *server, const char *prefix,
                    struct etcdctl_key *ret_keys, size_t max)
{
    return read_keys(etcdctl(server, "get", "-w", "fields", "--prefix",
                             "--sort-by=CREATE", prefix),
                     ret_keys, max);
}

size_t etcdctl_leases_n(struct etcd_server *server)
{
    int64_t n = -1;
    read_number(etcdctl(server, "lease", "list"), "found ", &n);
    assert_true(n >= 0);
    return (size_t)n;
}

/* What a member says of a lease, and in which of raft's terms. */
struct lease_answer {
    int64_t granted_s; /* 0: there is no such lease */
    int64_t left_s;    /* below 0: over, and not revoked yet */
    int64_t term;
};

static struct lease_answer ask_for_lease(struct etcd_server *server,
                                         int64_t lease)
{
    char id[32];
    snprintf(id, sizeof id, "%" PRIx64, (uint64_t)lease);
    const char *line = etcdctl(server, "lease", "timetolive", "-w", "fields",
                               id);
    struct lease_answer answer = { .term = -1, .granted_s = -1 };
    for (; *line; line = strchr(line, '\n') + 1) {
        read_number(line, "\"RaftTerm\" : ", &answer.term);
        read_number(line, "\"GrantedTTL\" : ", &answer.granted_s);
        read_number(line, "\"TTL\" : ", &answer.left_s);
        assert_non_null(strchr(line, '\n'));
    }
    assert_true(answer.term >= 0 && answer.granted_s >= 0);
    return answer;
}

int64_t etcdctl_lease_left_s(struct etcd_server *server, int64_t lease)
{
    struct lease_answer answer = ask_for_lease(server, lease);
    if (answer.granted_s == 0)
        return -1;
    return answer.left_s > 0 ? answer.left_s : 0;
}

int64_t etcdctl_await_deletion(struct etcd_server *server, const char *key,
                               int64_t revision)
{
    char option[64];
    snprintf(option, sizeof option, "--rev=%" PRId64, revision + 1);
    struct process *watch = etcdctl_start(server, "watch", "-w", "fields",
                                          option, key);
    bool deletion = false;
    int64_t deleted_at = 0;
    while (!deletion || !deleted_at) {
        const char *line = process_next_line(watch).text;
        if (strncmp(line, "\"Type\"", 6) == 0)
            deletion = strstr(line, "DELETE") != NULL;
        if (deletion)
            read_number(line, "\"ModRevision\" : ", &deleted_at);
    }
    process_free(watch);
    return deleted_at;
}

/* A member that was etcd's leader, and stopped, and has not heard yet of the
 * next one, tells of its own past: it counts down what others have renewed.
 * The next one begins with the whole TTL and a bit more. So only what is said
 * in one term, the newest, is compared. */
bool etcdctl_see_renewal(struct etcd_server *server, int64_t lease)
{
    int64_t highest_s = 0;
    int64_t lowest_s = 0;
    int64_t term = -1;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (process_now_ms() < end_at_ms) {
        struct lease_answer answer = ask_for_lease(server, lease);
        if (answer.term < term)
            continue;
        if (answer.granted_s == 0)
            return false;
        if (answer.term > term || answer.left_s > highest_s)
            highest_s = lowest_s = answer.left_s;
        else if (answer.left_s < lowest_s)
            lowest_s = answer.left_s;
        term = answer.term;
        if (highest_s >= lowest_s + 2 && answer.left_s >= lowest_s + 2)
            return true;
        process_set_step(etcd_server_set(server), process_now_ms() + POLL_MS);
    }
    fail_msg("the lease is not renewed");
    return false;
}

void etcdctl_await_renewal(struct etcd_server *server, int64_t lease)
{
    assert_true(etcdctl_see_renewal(server, lease));
}

/* ---- members ---- */

/* Its line is "URL, ID, VERSION, SIZE, LEADS, ..." */
struct etcdctl_status etcdctl_status(struct etcd_server *server,
                                     unsigned member)
{
    struct etcdctl_status status;
    char leads[8];
    char start[64];
    snprintf(start, sizeof start, "%s, ", etcd_server_endpoint(server, member));
    const char *line = strstr(etcdctl(server, "endpoint", "status"), start);
    assert_non_null(line);
    assert_int_equal(sscanf(line + strlen(start),
                            "%31[^,], %31[^,], %*[^,], %7[^,],", status.id,
                            status.version, leads),
                     3);
    status.leads = strcmp(leads, "true") == 0;
    return status;
}

unsigned etcdctl_leader(struct etcd_server *server)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (process_now_ms() < end_at_ms)
        for (unsigned i = 0; i < etcd_server_members_n(server); i++)
            if (etcdctl_status(server, i).leads)
                return i;
    fail_msg("etcd has no leader");
    return 0;
}
