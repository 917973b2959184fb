/* test_confine.c: a process that cannot become another program. It plays in a
 * child: there is no way back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/confine.h"

enum { BECAME_ANOTHER = 0, REFUSED = 1, OTHERWISE = 2 };

static int code_of(void (*play)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        play();
        _exit(OTHERWISE);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void become_true(void)
{
    (void)execl("/bin/true", "true", (char *)NULL);
    _exit(errno == EPERM ? REFUSED : OTHERWISE);
}

static void become_true_confined(void)
{
    confine_no_programs();
    become_true();
}

static void become_true_in_a_child(void)
{
    confine_no_programs();
    _exit(code_of(become_true));
}

static void ask_for_rights(void)
{
    confine_no_programs();
    _exit(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static void program_is_refused(void **state)
{
    (void)state;
    assert_int_equal(code_of(become_true), BECAME_ANOTHER);
    assert_int_equal(code_of(become_true_confined), REFUSED);
}

static void child_is_refused_it_as_well(void **state)
{
    (void)state;
    assert_int_equal(code_of(become_true_in_a_child), REFUSED);
}

static void no_rights_can_be_gained(void **state)
{
    (void)state;
    assert_int_equal(code_of(ask_for_rights), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(program_is_refused),
        cmocka_unit_test(child_is_refused_it_as_well),
        cmocka_unit_test(no_rights_can_be_gained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
