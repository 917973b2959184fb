/* test_listen.c: addresses and paths to listen at. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sys/listen.h"

struct fixture {
    char folder[64];
    char path[80];
    char where[96];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/test_listen.XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "%s/socket", f->folder);
    (void)snprintf(f->where, sizeof f->where, "unix:%s", f->path);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)unlink(f->path);
    assert_int_equal(rmdir(f->folder), 0);
    free(f);
    return 0;
}

static void refuses(const char *where, int code, const char *part)
{
    struct listen l;
    struct candidate_error err = { 0 };
    assert_int_equal(listen_open(&l, where, &err), code);
    if (!strstr(err.message, part))
        fail_msg("%s: %s", where, err.message);
}

static void shows(const char *where, const char *begin)
{
    struct listen l;
    struct candidate_error err = { 0 };
    if (listen_open(&l, where, &err) < 0)
        fail_msg("%s", err.message);
    if (strncmp(l.shown, begin, strlen(begin)) != 0)
        fail_msg("%s is shown as %s", where, l.shown);
    assert_true(fcntl(l.fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(l.fd, F_GETFD) & FD_CLOEXEC);
    listen_close(&l);
}

static void a_port_alone_is_that_of_the_loopback(void **state)
{
    (void)state;
    shows("0", "127.0.0.1:");
    shows("localhost:0", "127.0.0.1:");
    shows("127.0.0.2:0", "127.0.0.2:");
    shows("0.0.0.0:0", "0.0.0.0:");
}

static void what_is_no_address_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",        ":",       ":80",       "x",        "80 ",        "+80",
        "65536",   "1.2.3:1", "::1:80",    "[::1]",    "[::1:80",    "[]:80",
        "host:80", "1.2.3.4", "[::1]x:80", "1.2.3.4:", "[1.2.3.4]:1"
    };
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuses(wrong[i], CANDIDATE_EINVAL, wrong[i]);
    refuses("unix:", CANDIDATE_EINVAL, "no path");
    refuses("\x1b[31m", CANDIDATE_EINVAL, "\"\\x1b[31m\"");
    char longest[200];
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "unix:", 5);
    longest[5 + 108] = '\0';
    refuses(longest, CANDIDATE_EINVAL, "107 bytes");
}

static void a_port_in_use_is_refused(void **state)
{
    (void)state;
    struct listen l;
    assert_int_equal(listen_open(&l, "0", NULL), 0);
    refuses(l.shown, CANDIDATE_ERETRY, "Address already in use");
    listen_close(&l);
    refuses("192.0.2.1:0", CANDIDATE_ERETRY, "Cannot assign");
}

/* Whether a client gets in. */
static bool connects(const struct fixture *f)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    memcpy(address.sun_path, f->path, sizeof f->path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(fd >= 0);
    int r = connect(fd, (struct sockaddr *)&address, sizeof address);
    close(fd);
    return r == 0;
}

static void a_path_is_for_owner_and_group_and_goes_at_the_end(void **state)
{
    struct fixture *f = *state;
    struct listen l;
    struct stat found;
    mode_t before = umask(0);
    assert_int_equal(listen_open(&l, f->where, NULL), 0);
    assert_int_equal(umask(before), 0);
    assert_int_equal(stat(f->path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0660);
    assert_string_equal(l.shown, f->where);
    assert_true(connects(f));
    refuses(f->where, CANDIDATE_ERETRY, "Address already in use");
    assert_true(connects(f));
    listen_close(&l);
    assert_int_equal(access(f->path, F_OK), -1);
}

static void what_another_has_put_there_stays(void **state)
{
    struct fixture *f = *state;
    struct listen old;
    struct listen l;
    assert_int_equal(listen_open(&old, f->where, NULL), 0);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(listen_open(&l, f->where, NULL), 0);
    listen_close(&old);
    assert_true(connects(f));
    listen_close(&l);
}

/* As a crash leaves it. */
static void a_stale_path_is_replaced(void **state)
{
    struct fixture *f = *state;
    struct listen old;
    struct listen l;
    assert_int_equal(listen_open(&old, f->where, NULL), 0);
    close(old.fd);
    assert_false(connects(f));
    assert_int_equal(listen_open(&l, f->where, NULL), 0);
    assert_true(connects(f));
    listen_close(&l);
    assert_int_equal(access(f->path, F_OK), -1);
}

static void what_is_no_socket_stays(void **state)
{
    struct fixture *f = *state;
    int fd = open(f->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    refuses(f->where, CANDIDATE_ERETRY, "Address already in use");
    assert_int_equal(access(f->path, F_OK), 0);
    refuses("unix:/nowhere/socket", CANDIDATE_EDENIED, "No such file");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_alone_is_that_of_the_loopback),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_port_in_use_is_refused),
        TEST(a_path_is_for_owner_and_group_and_goes_at_the_end),
        TEST(a_stale_path_is_replaced),
        TEST(what_another_has_put_there_stays),
        TEST(what_is_no_socket_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
