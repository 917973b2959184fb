/* test_environment.c: what a command or a hook finds in its environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/environment.h"

static const char *value(char *const *environment, const char *name)
{
    size_t bytes = strlen(name);
    const char *found = NULL;
    for (; *environment; environment++) {
        if (strncmp(*environment, name, bytes) != 0 ||
            (*environment)[bytes] != '=')
            continue;
        assert_null(found); /* once only */
        found = *environment + bytes + 1;
    }
    return found;
}

static void leadership_is_told(void **state)
{
    (void)state;
    const struct environment all = {
        .id = "A",
        .election = "svc/db",
        .token = INT64_MAX,
        .lease = INT64_MAX,
        .lock_key = "svc/election_db/7fffffffffffffff",
        .leader_key = "svc/db",
        .leader = "B =\u00e4",
        .lease_page = "/proc/1/fd/3",
    };
    char **env = environment_new(&all);
    assert_non_null(env);
    assert_string_equal(value(env, "CANDIDATE_ID"), "A");
    assert_string_equal(value(env, "CANDIDATE_ELECTION"), "svc/db");
    assert_string_equal(value(env, "CANDIDATE_TOKEN"), "9223372036854775807");
    assert_string_equal(value(env, "CANDIDATE_LEASE"), "7fffffffffffffff");
    assert_string_equal(value(env, "CANDIDATE_LOCK_KEY"), all.lock_key);
    assert_string_equal(value(env, "CANDIDATE_LEADER_KEY"), "svc/db");
    assert_string_equal(value(env, "CANDIDATE_LEADER"), "B =\u00e4");
    assert_string_equal(value(env, "CANDIDATE_LEASE_PAGE"), "/proc/1/fd/3");
    assert_string_equal(value(env, "ETCD_LOCK_KEY"), all.lock_key);
    assert_string_equal(value(env, "ETCD_LOCK_REV"), "9223372036854775807");
    free(env);
}

static void what_is_unknown_is_not_set(void **state)
{
    (void)state;
    static const char *const names[] = {
        "CANDIDATE_ID",     "CANDIDATE_ELECTION",   "CANDIDATE_TOKEN",
        "CANDIDATE_LEASE",  "CANDIDATE_LOCK_KEY",   "CANDIDATE_LEADER_KEY",
        "CANDIDATE_LEADER", "CANDIDATE_LEASE_PAGE", "ETCD_LOCK_KEY",
        "ETCD_LOCK_REV",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        setenv(names[i], "another leadership's", 1);
    char **env = environment_new(&(struct environment){ 0 });
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_null(value(env, names[i]));
        unsetenv(names[i]);
    }
    free(env);
}

static void secrets_are_kept_back_and_all_else_is_inherited(void **state)
{
    (void)state;
    static const char *const secrets[] = { "ETCDCTL_USER", "ETCDCTL_PASSWORD",
                                           "NOTIFY_SOCKET", "WATCHDOG_USEC",
                                           "WATCHDOG_PID" };
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        setenv(secrets[i], "x", 1);
    setenv("ETCDCTL_ENDPOINTS", "http://h", 1);
    setenv("ETCDCTL_USERS", "", 1);
    setenv("CANDIDATE_", "y", 1);
    char **env = environment_new(&(struct environment){ .id = "" });
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        assert_null(value(env, secrets[i]));
    assert_string_equal(value(env, "ETCDCTL_ENDPOINTS"), "http://h");
    assert_string_equal(value(env, "ETCDCTL_USERS"), "");
    assert_string_equal(value(env, "CANDIDATE_"), "y");
    assert_string_equal(value(env, "CANDIDATE_ID"), "");
    assert_string_equal(value(env, "PATH"), getenv("PATH"));
    free(env);
}

static void empty_environment_is_one_as_well(void **state)
{
    (void)state;
    char *nothing[] = { NULL };
    char **before = environ;
    environ = nothing;
    char **env = environment_new(&(struct environment){ .id = "A" });
    environ = before;
    assert_string_equal(env[0], "CANDIDATE_ID=A");
    assert_null(env[1]);
    free(env);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leadership_is_told),
        cmocka_unit_test(what_is_unknown_is_not_set),
        cmocka_unit_test(secrets_are_kept_back_and_all_else_is_inherited),
        cmocka_unit_test(empty_environment_is_one_as_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
