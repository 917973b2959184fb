/* test_spawn.c: what a command finds when it begins, and what is told of one
 * that cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/clock.h"
#include "sys/spawn.h"

enum { TEXT_BYTES_MAX = 8192 };

/* Start a command as a program would that has just begun.
 * late  its time is over already. */
static int start(const char *const *argv, bool late, pid_t *ret_pid,
                 int *ret_fd)
{
    static struct signals signals;
    assert_int_equal(signals_init(&signals, NULL), 0);
    assert_int_equal(signals_take_more(&signals, NULL), 0);
    struct spawn s = {
        .argv = (char *const *)argv,
        .signals = &signals,
        .not_after_ms = late ? clock_now_ms() : INT64_MAX,
    };
    int error = spawn_start(&s, ret_pid, ret_fd);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        if (!sigismember(&signals.ignored, number))
            signal(number, SIG_DFL);
    close(signals.fd);
    return error;
}

static int wait_for(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* Run it to its end, with a pipe as standard output. Returns what it said. */
static const char *output_of(const char *const *argv)
{
    static char text[TEXT_BYTES_MAX];
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    int out = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    pid_t pid;
    int fd;
    int error = start(argv, false, &pid, &fd);
    dup2(out, STDOUT_FILENO);
    close(out);
    close(ends[1]);
    assert_int_equal(error, 0);
    assert_int_equal(spawn_result(fd), 0);
    size_t bytes = 0;
    for (ssize_t n = 1; n > 0; bytes += (size_t)n)
        n = read(ends[0], text + bytes, sizeof text - 1 - bytes);
    text[bytes] = '\0';
    close(ends[0]);
    close(fd);
    int status = wait_for(pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return text;
}

/* The errno that is told of a command. */
static int error_of(const char *program, bool late)
{
    const char *const argv[] = { program, NULL };
    pid_t pid;
    int fd;
    assert_int_equal(start(argv, late, &pid, &fd), 0);
    int error = spawn_result(fd);
    close(fd);
    int status = wait_for(pid);
    assert_true(WIFEXITED(status));
    return error;
}

static void command_has_three_descriptors(void **state)
{
    (void)state;
    int leaks[2];
    assert_int_equal(pipe(leaks), 0); /* not close-on-exec */
    const char *const argv[] = { "sh", "-c", "echo /proc/$$/fd/*", NULL };
    const char *text = output_of(argv);
    for (int fd = 0; fd <= STDERR_FILENO; fd++) {
        char part[32];
        snprintf(part, sizeof part, "/fd/%d", fd);
        assert_non_null(strstr(text, part));
    }
    close(leaks[0]);
    close(leaks[1]);
    /* The shell opens what it looks into, as number 3. */
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, "/fd/")); p++)
        n++;
    assert_in_range(n, 3, 4);
    assert_null(strstr(text, "/fd/4"));
}

static void command_leads_a_process_group(void **state)
{
    (void)state;
    const char *const argv[] = { "sh", "-c",
                                 "set -- $(cat /proc/$$/stat); "
                                 "[ $1 = $5 ] && echo leader",
                                 NULL };
    assert_string_equal(output_of(argv), "leader\n");
}

/* Without 32 and 33, which the C library keeps for itself: whoever started the
 * tests may have ignored them, and nobody here can change that. */
static unsigned long long signals_of(const char *status, const char *name)
{
    const char *line = strstr(status, name);
    assert_non_null(line);
    return strtoull(line + strlen(name), NULL, 16) & ~(3ULL << 31);
}

static void command_has_default_signals(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_DFL); /* the tests may run under nohup */
    const char *const argv[] = { "cat", "/proc/self/status", NULL };
    const char *status = output_of(argv);
    assert_int_equal(signals_of(status, "SigBlk:"), 0);
    assert_int_equal(signals_of(status, "SigIgn:"), 0);
}

static void what_was_ignored_before_is_ignored_by_the_command(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_IGN); /* as nohup does */
    const char *const argv[] = { "cat", "/proc/self/status", NULL };
    const char *status = output_of(argv);
    signal(SIGHUP, SIG_DFL);
    assert_int_equal(signals_of(status, "SigIgn:"), 1ULL << (SIGHUP - 1));
}

static void command_that_does_not_exist_is_told(void **state)
{
    (void)state;
    assert_int_equal(error_of("/nonexistent/command", false), ENOENT);
    assert_int_equal(error_of("no-such-command-in-path", false), ENOENT);
}

static void file_that_is_no_program_is_told(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_spawn.XXXXXX";
    char path[sizeof folder + 8];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "echo hello\n", 11), 11);
    close(fd);
    int unreadable = error_of(path, false);
    assert_int_equal(chmod(path, 0700), 0);
    int unknown = error_of(path, false);
    const char *before = getenv("PATH");
    char *path_before = strdup(before ? before : "");
    setenv("PATH", folder, 1);
    int unknown_in_path = error_of("file", false);
    setenv("PATH", path_before, 1);
    free(path_before);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(unreadable, EACCES);
    assert_int_equal(unknown, ENOEXEC); /* and no shell */
    assert_int_equal(unknown_in_path, ENOEXEC);
}

static void command_whose_time_is_over_does_not_begin(void **state)
{
    (void)state;
    assert_int_equal(error_of("true", true), ETIME);
}

_Noreturn static void die_after_starting(void)
{
    const char *const argv[] = { "sleep", "1000", NULL };
    pid_t pid;
    int fd;
    if (start(argv, false, &pid, &fd) == 0 && spawn_result(fd) == 0)
        raise(SIGKILL);
    _exit(1);
}

static void command_dies_with_its_parent(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        die_after_starting();
    }
    close(ends[1]);
    int status = wait_for(pid);
    assert_true(WIFSIGNALED(status));
    char byte;
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

int main(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* whatever the tests are run by */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(command_has_three_descriptors),
        cmocka_unit_test(command_leads_a_process_group),
        cmocka_unit_test(command_has_default_signals),
        cmocka_unit_test(what_was_ignored_before_is_ignored_by_the_command),
        cmocka_unit_test(command_that_does_not_exist_is_told),
        cmocka_unit_test(file_that_is_no_program_is_told),
        cmocka_unit_test(command_whose_time_is_over_does_not_begin),
        cmocka_unit_test(command_dies_with_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
