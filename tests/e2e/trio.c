/* trio.c: see trio.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "e2e/trio.h"
#include "etcd/version.h"

enum {
    ENDPOINTS_BYTES_MAX = 256,
    PATHS_BYTES_MAX = 32 * 1024,
};

int trio_setup(void **state)
{
    stage_setup_without_etcd(state);
    struct stage *stage = *state;
    stage->etcd = etcd_server_start_at(stage->set, TRIO_N, TRIO_HOSTS_N);
    return 0;
}

bool trio_use_other(void)
{
    const char *folder = getenv("CANDIDATE_ETCD");
    if (!folder || !*folder) {
        print_message("# on one etcd only: CANDIDATE_ETCD is not set\n");
        return false;
    }
    const char *rest = getenv("PATH");
    char path[PATHS_BYTES_MAX];
    int n = snprintf(path, sizeof path, "%s:%s", folder, rest ? rest : "");
    assert_in_range(n, 1, PATHS_BYTES_MAX - 1);
    assert_int_equal(setenv("PATH", path, 1), 0);
    print_message("# once more, on the etcd in %s\n", folder);
    return true;
}

static void list_members(struct stage *s, const struct trio_role *role,
                         char ret_endpoints[ENDPOINTS_BYTES_MAX])
{
    (void)snprintf(ret_endpoints, ENDPOINTS_BYTES_MAX, "%s",
                   role->before ? role->before : "");
    for (unsigned i = 0; i < TRIO_N; i++) {
        unsigned member = (role->member + i) % TRIO_N;
        char url[48];
        if (role->host)
            (void)snprintf(url, sizeof url, "http://127.0.1.%u:%u", role->host,
                           etcd_server_port(s->etcd, member));
        else
            (void)snprintf(url, sizeof url, "%s",
                           etcd_server_endpoint(s->etcd, member));
        size_t used = strlen(ret_endpoints);
        (void)snprintf(ret_endpoints + used, ENDPOINTS_BYTES_MAX - used, "%s%s",
                       i > 0 ? "," : "", url);
    }
}

struct process *trio_start(struct stage *s, const char *id,
                           const struct trio_role *role)
{
    char endpoints[ENDPOINTS_BYTES_MAX];
    char ttl[16];
    list_members(s, role, endpoints);
    (void)snprintf(ttl, sizeof ttl, "%u",
                   role->ttl_s ? role->ttl_s : TRIO_TTL_S);
    const char *const argv[] = {
        stage_program(), "--endpoints", endpoints, "--ttl", ttl, id, NULL
    };
    struct process *p = process_start(s->set, PROCESS_PIPES, argv, role->login);
    process_ignore_errors(p, VERSION_MENDED);
    stage_expect_begin(p, id);
    return p;
}

struct process *trio_start_leader(struct stage *s, const char *id,
                                  const struct trio_role *role)
{
    struct process *p = trio_start(s, id, role);
    stage_expect_lead(p);
    return p;
}

struct process *trio_start_waiter(struct stage *s, const char *leader,
                                  const char *id, const struct trio_role *role)
{
    struct process *p = trio_start(s, id, role);
    stage_expect_follow(p, leader);
    return p;
}

void trio_resign(struct process *p)
{
    process_write(p, "\n");
    process_expect_line(p, "End");
    process_expect_exit(p, 0);
    process_skip_errors(p);
}

void trio_hand_over_within(struct process *from, struct process *to,
                           int64_t within_ms)
{
    trio_resign(from);
    int64_t resigned_at_ms = process_now_ms();
    struct process_line lead = stage_expect_next_lead(to);
    assert_true(lead.at_ms - resigned_at_ms <= within_ms + TRIO_SLACK_MS);
}

struct process *trio_turn_despite_loss(struct stage *s,
                                       void (*lose)(struct etcd_server *,
                                                    unsigned member),
                                       unsigned ttl_s, int64_t within_ms)
{
    struct process *a = trio_leader(s, "A", .member = 1);
    struct process *b = trio_waiter(s, "A", "B", .member = 0, .ttl_s = ttl_s);
    trio_let_lead(s, 1);
    lose(s->etcd, 0);
    trio_hand_over_within(a, b, within_ms);
    return b;
}

bool trio_still_leads(struct stage *s, const struct etcdctl_key *key)
{
    return etcdctl_see_renewal(s->etcd, key->lease) &&
        etcdctl_get(s->etcd, "leader").mod_revision == key->mod_revision;
}

void trio_expect_leads_at(struct stage *s, struct process *p,
                          const struct etcdctl_key *key, const char *file,
                          int line)
{
    if (!trio_still_leads(s, key))
        process_fail_at(p, "it leads no longer", file, line);
}

void trio_let_lead(struct stage *s, unsigned member)
{
    etcdctl(s->etcd, "move-leader", etcdctl_status(s->etcd, member).id);
}
