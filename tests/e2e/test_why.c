/* test_why.c: --why and --status on a cluster that has lost its quorum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "support/stage.h"

/* Run it to its end. Returns its standard output, good until it is freed. */
static struct process *run(struct stage *s, const char *action, int exit_code)
{
    const char *const argv[] = { stage_program(),
                                 "--endpoints",
                                 etcd_server_endpoints(s->etcd),
                                 "--command-timeout",
                                 "2s",
                                 "-w",
                                 "json",
                                 action,
                                 NULL };
    struct process *p = process_start(s->set, PROCESS_PIPES, argv, NULL);
    process_expect_exit(p, exit_code);
    return p;
}

static bool says(struct process *p, const char *part)
{
    return strstr(process_output(p), part) != NULL;
}

static void member_without_a_quorum_is_found(void **state)
{
    struct stage *s = *state;
    s->etcd = etcd_server_start(s->set, 3);
    struct process *p = run(s, "--why", 0);
    assert_true(says(p, "\"findings\":[]"));
    process_free(p);
    p = run(s, "--status", 1);
    assert_true(says(p, "\"healthy\":true"));
    assert_false(says(p, "\"healthy\":false"));
    process_free(p);

    /* So that the loss of the others costs no election of etcd's. */
    etcdctl(s->etcd, "move-leader", etcdctl_status(s->etcd, 2).id);
    etcd_server_kill(s->etcd, 0);
    p = run(s, "--why", 1);
    assert_true(says(p, "\"kind\":\"member-silent\",\"weight\":\"threatens\""));
    process_free(p);

    etcd_server_kill(s->etcd, 1);
    bool found = false;
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!found && process_now_ms() < end_at_ms) {
        p = run(s, "--why", 69);
        found = says(p, "\"kind\":\"no-quorum\",\"weight\":\"holds-up\"");
        assert_true(says(p, "\"kind\":\"member-silent\""));
        assert_true(says(p, "\"kind\":\"etcd-silent\""));
        process_free(p);
    }
    assert_true(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST_WITHOUT_ETCD(member_without_a_quorum_is_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
