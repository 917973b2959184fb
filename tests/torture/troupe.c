/* troupe.c: see troupe.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/options.h"
#include "support/procfs.h"
#include "troupe.h"

enum {
    ENDPOINTS_BYTES_MAX = 256,
    TEXT_BYTES_MAX = 256,
    CHILDREN_MAX = 512,
    RECENT_SLOTS = 32,
    LAST_LINES = 20,
    KEYS_MAX = 8,
    LOOK_AGAIN_MS = 50,
    EXIT_COMMAND_KILLED = 128 + SIGKILL,
    EXIT_COMMAND_TERMINATED = 128 + SIGTERM,
    LEASES_LEFT_MS = 20000, /* until those of the killed have run out */
};

/* ---- start ---- */

void troupe_host(unsigned player, char ret_host[16])
{
    (void)snprintf(ret_host, 16, "127.0.1.%u", player + 1);
}

void troupe_begin(struct troupe *t)
{
    char hosts[TROUPE_PLAYERS_N][16];
    uint16_t ports[TROUPE_MEMBERS_N];
    for (unsigned i = 0; i < TROUPE_PLAYERS_N; i++)
        troupe_host(i, hosts[i]);
    for (unsigned i = 0; i < TROUPE_MEMBERS_N; i++)
        ports[i] = etcd_server_port(t->stage->etcd, i);
    t->proxy = proxy_start((const char(*)[16])hosts, TROUPE_PLAYERS_N, ports,
                           TROUPE_MEMBERS_N);
}

static void list_endpoints(const struct troupe *t, unsigned player,
                           char ret_endpoints[ENDPOINTS_BYTES_MAX])
{
    size_t used = 0;
    char host[16];
    troupe_host(player, host);
    for (unsigned i = 0; i < TROUPE_MEMBERS_N; i++) {
        unsigned member = (player + i) % TROUPE_MEMBERS_N;
        used += (size_t)snprintf(
            ret_endpoints + used, ENDPOINTS_BYTES_MAX - used, "%shttp://%s:%u",
            i > 0 ? "," : "", host, etcd_server_port(t->stage->etcd, member));
    }
}

static void wall_clock_path(const struct troupe *t, unsigned player,
                            char ret_path[TEXT_BYTES_MAX])
{
    (void)snprintf(ret_path, TEXT_BYTES_MAX, "%s.wall-clock-%u", t->record_path,
                   player);
}

/* In one write, so that nobody reads a part of it. */
void troupe_set_wall_clock(const struct troupe *t, unsigned player,
                           int64_t offset_s)
{
    char path[TEXT_BYTES_MAX];
    wall_clock_path(t, player, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, &offset_s, sizeof offset_s), sizeof offset_s);
    close(fd);
}

static void start(struct troupe *t, struct player *p)
{
    char endpoints[ENDPOINTS_BYTES_MAX];
    char ttl[16];
    char number[16];
    char clock[TEXT_BYTES_MAX];
    char wall_clock[TEXT_BYTES_MAX + 16] = "TORTURE_WALL_CLOCK=";
    char preload[TEXT_BYTES_MAX];
    bool daemon = p->number >= TROUPE_DAEMONS_FROM;
    unsigned permille = t->clocks_permille[p->number];
    int64_t now_ns = record_now_ns();
    list_endpoints(t, p->number, endpoints);
    (void)snprintf(ttl, sizeof ttl, "%u", t->ttl_s);
    (void)snprintf(number, sizeof number, "%u", p->number);
    (void)snprintf(clock, sizeof clock, "TORTURE_CLOCK=%lld %u",
                   (long long)now_ns, permille);
    wall_clock_path(t, p->number, wall_clock + strlen(wall_clock));
    (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s", t->clock);
    const char *const argv[] = { stage_program(),
                                 "--endpoints",
                                 endpoints,
                                 "--ttl",
                                 ttl,
                                 p->id,
                                 "--",
                                 t->worker,
                                 t->record_path,
                                 number,
                                 daemon ? "daemon" : NULL,
                                 NULL };
    const char *const environment[] = { clock, wall_clock, preload, t->login,
                                        NULL };
    p->process = process_start(t->stage->set, PROCESS_PIPES, argv, environment);
    p->killed = p->starved = false;
    t->starts_n++;
    watchman_meet(t->watchman, p->number, process_pid(p->process), now_ns,
                  permille);
}

void troupe_start(struct troupe *t)
{
    for (unsigned i = 0; i < TROUPE_PLAYERS_N; i++) {
        t->players[i].number = i;
        t->players[i].id[0] = (char)('A' + i);
        if (!t->players[i].process)
            start(t, &t->players[i]);
    }
}

/* ---- end ---- */

static void show_last_words(const struct player *p)
{
    size_t n = process_lines_n(p->process);
    for (size_t i = n > LAST_LINES ? n - LAST_LINES : 0; i < n; i++)
        print_error("%s 1> %s\n", p->id, process_line(p->process, i).text);
    n = process_errors_n(p->process);
    for (size_t i = n > LAST_LINES ? n - LAST_LINES : 0; i < n; i++)
        print_error("%s 2> %s\n", p->id, process_error(p->process, i).text);
}

/* It, or its command: 128 and more is the signal that has ended that. */
static bool gives_up(int code)
{
    return code == OPTIONS_EXIT_INTERNAL || code >= OPTIONS_EXIT_CANNOT;
}

/* A signal came before main(), on a machine as busy as that. */
static bool had_not_begun(const struct player *p)
{
    int status = process_status(p->process);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM &&
        process_lines_n(p->process) == 0 && process_errors_n(p->process) == 0;
}

/* It may end with its command, which we may have killed, or by a dead-man
 * timer; or resign when it is told to, even if etcd cannot be told. */
static void judge_end(struct troupe *t, const struct player *p)
{
    int status = process_status(p->process);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
        t->dead_man_n += !p->killed;
        return;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_COMMAND_KILLED) {
        t->command_n++;
        return;
    }
    if (had_not_begun(p))
        return;
    int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == 0 || code == EXIT_COMMAND_TERMINATED ||
        code == OPTIONS_EXIT_UNAVAILABLE || (p->starved && gives_up(code)))
        return;
    show_last_words(p);
    judge_note(t->judge, JUDGE_END, "%s ended with status 0x%x", p->id,
               (unsigned)status);
}

bool troupe_step(struct troupe *t, int64_t end_at_ms)
{
    bool more = process_set_step(t->stage->set, end_at_ms);
    for (unsigned i = 0; i < TROUPE_PLAYERS_N; i++) {
        struct player *p = &t->players[i];
        if (!p->process || !process_ended(p->process))
            continue;
        judge_end(t, p);
        process_free(p->process);
        p->process = NULL;
    }
    return more;
}

/* ---- processes ---- */

pid_t troupe_main(const struct troupe *t, unsigned player)
{
    const struct process *p = t->players[player].process;
    return p && !process_ended(p) ? process_pid(p) : 0;
}

/* A child of that process that has a group of its own, and lives; 0: none. */
static pid_t child_of(pid_t pid)
{
    pid_t children[CHILDREN_MAX];
    size_t n = pid ? procfs_children(pid, children, CHILDREN_MAX) : 0;
    for (size_t i = 0; i < n; i++)
        if (procfs_group(children[i]) == children[i] &&
            procfs_state(children[i]) != 'Z')
            return children[i];
    return 0;
}

pid_t troupe_guardian(const struct troupe *t, unsigned player)
{
    return child_of(child_of(troupe_main(t, player)));
}

pid_t troupe_command(const struct troupe *t, unsigned player)
{
    pid_t guardian = troupe_guardian(t, player);
    uint32_t n = atomic_load(&t->record->slots_n);
    for (uint32_t i = n; guardian && i > 0 && i + RECENT_SLOTS > n; i--) {
        const struct record_slot *slot = &t->record->slots[i - 1];
        if (slot->player == player && !slot->daemon && slot->pid > 0 &&
            procfs_parent(slot->pid) == guardian)
            return slot->pid;
    }
    return 0;
}

bool troupe_acts(const struct troupe *t, int64_t since_ns,
                 int64_t *ret_first_ns)
{
    uint32_t n = atomic_load(&t->record->slots_n);
    *ret_first_ns = INT64_MAX;
    for (uint32_t i = n; i > 0 && i + RECENT_SLOTS > n; i--) {
        const struct record_slot *slot = &t->record->slots[i - 1];
        if (slot->daemon || atomic_load(&slot->alive_ns) <= since_ns)
            continue;
        int64_t ns = slot->started_ns > since_ns ? slot->started_ns : since_ns;
        if (ns < *ret_first_ns)
            *ret_first_ns = ns;
    }
    return *ret_first_ns < INT64_MAX;
}

static void show_process(const char *what, pid_t pid)
{
    if (pid > 0)
        print_error("   %s %d, state %c\n", what, (int)pid, procfs_state(pid));
}

void troupe_show(const struct troupe *t)
{
    struct etcdctl_key keys[KEYS_MAX];
    size_t n = etcdctl_list(t->stage->etcd, "", keys, KEYS_MAX);
    for (size_t i = 0; i < n; i++)
        print_error("%s: %s\n", keys[i].key, keys[i].value);
    for (unsigned i = 0; i < TROUPE_PLAYERS_N; i++) {
        print_error("%c %s\n", 'A' + (int)i,
                    t->players[i].process ? "runs" : "does not run");
        if (!t->players[i].process)
            continue;
        show_process("candidate", troupe_main(t, i));
        show_process("guardian", troupe_guardian(t, i));
        show_process("command", troupe_command(t, i));
        show_last_words(&t->players[i]);
    }
}

/* What the campaign did not start itself bears one of these names. */
static bool is_adopted(pid_t pid)
{
    char path[TEXT_BYTES_MAX];
    char name[32] = "";
    (void)snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    if (!fgets(name, sizeof name, file))
        name[0] = '\0';
    (void)fclose(file);
    return strcmp(name, "guardian\n") == 0 || strcmp(name, "heir\n") == 0 ||
        strcmp(name, "worker\n") == 0;
}

/* Returns how many have not ended. */
static unsigned reap(void)
{
    pid_t children[CHILDREN_MAX];
    unsigned alive_n = 0;
    size_t n = procfs_children(getpid(), children, CHILDREN_MAX);
    for (size_t i = 0; i < n; i++)
        if (is_adopted(children[i]) &&
            waitpid(children[i], NULL, WNOHANG) != children[i])
            alive_n++;
    return alive_n;
}

void troupe_reap(const struct troupe *t)
{
    (void)t;
    (void)reap();
}

/* ---- what is left ---- */

static void look_for_processes(struct troupe *t)
{
    int64_t end_at_ms = process_now_ms() + INT64_C(2000) * t->ttl_s;
    unsigned n;
    while ((n = reap()) > 0 && process_now_ms() < end_at_ms)
        (void)troupe_step(t, process_now_ms() + LOOK_AGAIN_MS);
    if (n > 0)
        judge_note(t->judge, JUDGE_LEFT, "%u processes", n);
}

static void look_for_keys(struct troupe *t)
{
    int64_t end_at_ms = process_now_ms() + LEASES_LEFT_MS;
    size_t n;
    while ((n = etcdctl_leases_n(t->stage->etcd)) > 0 &&
           process_now_ms() < end_at_ms)
        continue;
    if (n > 0)
        judge_note(t->judge, JUDGE_LEFT, "%zu leases", n);
    struct etcdctl_key keys[KEYS_MAX];
    n = etcdctl_list(t->stage->etcd, "", keys, KEYS_MAX);
    if (n > 0)
        judge_note(t->judge, JUDGE_LEFT, "%zu keys, %s", n, keys[0].key);
}

void troupe_end(struct troupe *t)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    for (unsigned i = 0; i < TROUPE_PLAYERS_N; i++)
        if (troupe_main(t, i))
            process_signal(t->players[i].process, SIGTERM);
    for (unsigned i = 0; i < TROUPE_PLAYERS_N; i++)
        while (t->players[i].process)
            if (!troupe_step(t, end_at_ms)) {
                judge_note(t->judge, JUDGE_LEFT, "%s does not resign",
                           t->players[i].id);
                return;
            }
    if (t->descriptors_n > TROUPE_DESCRIPTORS_MAX)
        judge_note(t->judge, JUDGE_LEFT, "%zu descriptors", t->descriptors_n);
    look_for_processes(t);
    look_for_keys(t);
}
