/* stage.c: see stage.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "etcd/version.h"
#include "stage.h"

enum { STAGE_LOCK_KEYS_MAX = 64 };

int stage_setup_without_etcd(void **state)
{
    struct stage *stage = calloc(1, sizeof *stage);
    assert_non_null(stage);
    stage->set = process_set_new();
    *state = stage;
    return 0;
}

int stage_setup(void **state)
{
    stage_setup_without_etcd(state);
    struct stage *stage = *state;
    stage->etcd = etcd_server_start(stage->set, 1);
    return 0;
}

int stage_teardown(void **state)
{
    struct stage *stage = *state;
    process_set_free(stage->set);
    etcd_server_free(stage->etcd);
    free(stage);
    return 0;
}

const char *stage_program(void)
{
    const char *path = getenv("CANDIDATE");
    return path ? path : "./candidate";
}

struct process *stage_candidate_argv(struct stage *stage, unsigned flags,
                                     const char *const *argv)
{
    const char *whole[STAGE_ARGUMENTS_MAX + 4] = {
        stage_program(), "--endpoints", etcd_server_endpoints(stage->etcd)
    };
    for (size_t i = 0; argv[i]; i++) {
        assert_true(i < STAGE_ARGUMENTS_MAX);
        whole[3 + i] = argv[i];
    }
    struct process *p = process_start(stage->set, flags, whole, NULL);
    process_ignore_errors(p, etcd_server_endpoints(stage->etcd));
    return p;
}

void stage_mind_outages(struct process *p)
{
    process_ignore_errors(p, VERSION_MENDED);
}

static const char *last_of(const char *const *argv)
{
    while (argv[1])
        argv++;
    return *argv;
}

struct process *stage_leader_at(struct stage *stage, const char *const *argv,
                                const char *file, int line)
{
    struct process *p = stage_candidate_argv(stage, PROCESS_PIPES, argv);
    stage_expect_begin_at(p, last_of(argv), file, line);
    stage_expect_lead_at(p, file, line);
    return p;
}

struct process *stage_waiter_at(struct stage *stage, const char *leader,
                                const char *const *argv, const char *file,
                                int line)
{
    struct process *p = stage_candidate_argv(stage, PROCESS_PIPES, argv);
    stage_expect_begin_at(p, last_of(argv), file, line);
    stage_expect_follow_at(p, leader, file, line);
    return p;
}

/* ---- what a candidate says next ---- */

void stage_expect_begin_at(struct process *p, const char *id, const char *file,
                           int line)
{
    char text[STAGE_LINE_BYTES_MAX];
    snprintf(text, sizeof text, "Candidate %s", id);
    process_expect_line_at(p, text, file, line);
    process_expect_line_at(p, STAGE_ATTEMPTING, file, line);
}

struct process_line stage_expect_lead_at(struct process *p, const char *file,
                                         int line)
{
    struct process_line claim = process_expect_line_at(p, STAGE_LEADER, file,
                                                       line);
    process_expect_line_at(p, "Press ENTER to finish...", file, line);
    return claim;
}

void stage_expect_follow_at(struct process *p, const char *id, const char *file,
                            int line)
{
    char text[STAGE_LINE_BYTES_MAX];
    snprintf(text, sizeof text, "%s is the leader...", id);
    process_expect_line_at(p, text, file, line);
}

struct process_line stage_expect_lost_at(struct process *p, const char *part,
                                         const char *file, int line)
{
    static const char start[] = "Lost leadership: ";
    struct process_line came = process_next_line(p);
    if (strncmp(came.text, start, sizeof start - 1) != 0 ||
        !strstr(came.text, part)) {
        char why[2 * STAGE_LINE_BYTES_MAX];
        snprintf(why, sizeof why, "wanted: %s...%s, came: %.500s", start, part,
                 came.text);
        process_fail_at(p, why, file, line);
    }
    return came;
}

void stage_resign_at(struct process *p, const char *file, int line)
{
    process_write(p, "\n");
    process_expect_line_at(p, "End", file, line);
    process_expect_end_at(p, 0, 0, file, line);
    process_expect_nothing_more_at(p, file, line);
}

/* ---- what etcd has ---- */

/* Returns how many there are, and the last of them. */
static size_t find_lock_key(struct stage *stage, const char *prefix,
                            const char *id, int64_t newer_than,
                            struct etcdctl_key *ret_key)
{
    static struct etcdctl_key keys[STAGE_LOCK_KEYS_MAX];
    size_t n = etcdctl_list(stage->etcd, prefix, keys, STAGE_LOCK_KEYS_MAX);
    size_t found_n = 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(keys[i].value, id) != 0 ||
            keys[i].create_revision <= newer_than)
            continue;
        *ret_key = keys[i];
        found_n++;
    }
    return found_n;
}

struct etcdctl_key stage_lock_key(struct stage *stage, const char *prefix,
                                  const char *id)
{
    struct etcdctl_key key;
    assert_int_equal(find_lock_key(stage, prefix, id, 0, &key), 1);
    return key;
}

struct etcdctl_key stage_await_lock_key(struct stage *stage, const char *prefix,
                                        const char *id, int64_t newer_than)
{
    struct etcdctl_key key;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (find_lock_key(stage, prefix, id, newer_than, &key) == 0)
        if (process_now_ms() >= end_at_ms)
            fail_msg("no new key of %s under %s", id, prefix);
    return key;
}

void stage_expect_nothing_left(struct stage *stage)
{
    assert_string_equal(
        etcdctl(stage->etcd, "get", "", "--prefix", "--keys-only"), "");
    assert_int_equal(etcdctl_leases_n(stage->etcd), 0);
}
