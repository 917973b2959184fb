/* test_lease_page_refused.c: what is not taken for a lease page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "candidate.h"

enum { TOKEN = 42 };

static void refuses(const char *path, int64_t token, int code,
                    const char *words)
{
    struct candidate_lease_page *page = NULL;
    struct candidate_error err = { 0 };
    assert_int_equal(candidate_lease_page_open(&page, path, token, &err), code);
    assert_null(page);
    assert_string_equal(err.message, words);
}

static void missing_variables_are_named(void **state)
{
    (void)state;
    unsetenv("CANDIDATE_LEASE_PAGE");
    unsetenv("CANDIDATE_TOKEN");
    refuses(NULL, TOKEN, CANDIDATE_EINVAL, "CANDIDATE_LEASE_PAGE: is not set");
    setenv("CANDIDATE_LEASE_PAGE", "", 1);
    refuses(NULL, TOKEN, CANDIDATE_EINVAL, "CANDIDATE_LEASE_PAGE: is not set");
    static const char *const bad[] = { "", "0", "-1", "042", "4 2", "x" };
    const char *words = "CANDIDATE_TOKEN: is not a fencing token";
    refuses("/dev/null", 0, CANDIDATE_EINVAL, words);
    refuses("/dev/null", -1, CANDIDATE_EINVAL, words);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv("CANDIDATE_TOKEN", bad[i], 1);
        refuses("/dev/null", 0, CANDIDATE_EINVAL, words);
    }
}

static void what_is_no_page_is_refused(void **state)
{
    (void)state;
    refuses("/nowhere/page", TOKEN, CANDIDATE_ENOTFOUND,
            "lease page /nowhere/page: No such file or directory");
    refuses("/dev/null", TOKEN, CANDIDATE_EINVAL,
            "lease page /dev/null: is not a lease page");
    refuses("/proc/self/exe", TOKEN, CANDIDATE_EINVAL,
            "lease page /proc/self/exe: is not a lease page");
    refuses("/", TOKEN, CANDIDATE_EINVAL, "lease page /: is not a lease page");
}

/* A memfd of somebody else's, with this content and these seals. */
static int forge(char *path, size_t path_bytes, const char *content,
                 size_t bytes, int seals)
{
    int fd = memfd_create("forged", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, bytes), (ssize_t)bytes);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
    snprintf(path, path_bytes, "/proc/self/fd/%d", fd);
    return fd;
}

static void refuses_forged(const char *content, size_t bytes, int seals,
                           const char *cause)
{
    char path[64], words[128];
    int fd = forge(path, sizeof path, content, bytes, seals);
    snprintf(words, sizeof words, "lease page %s: %s", path, cause);
    refuses(path, TOKEN, CANDIDATE_EINVAL, words);
    close(fd);
}

static void forged_pages_are_refused(void **state)
{
    (void)state;
    struct candidate_lease_page *writer;
    static const char garbage[256] = "garbage";
    char page[256];
    int all = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL;
    assert_int_equal(candidate_lease_page_new(&writer, NULL), 0);
    int fd = open(candidate_lease_page_path(writer), O_RDONLY);
    ssize_t bytes = read(fd, page, sizeof page);
    close(fd);
    candidate_lease_page_close(writer);
    assert_in_range(bytes, 32, sizeof page - 1);
    refuses_forged(garbage, sizeof garbage, all, "is not a lease page");
    refuses_forged(page, (size_t)bytes - 1, all, "is not a lease page");
    refuses_forged("", 0, all, "is not a lease page");
    /* Who could cut it short could kill its readers by SIGBUS. */
    refuses_forged(page, (size_t)bytes, all & ~F_SEAL_SHRINK,
                   "is not a lease page");
    refuses_forged(page, (size_t)bytes, all & ~F_SEAL_FUTURE_WRITE,
                   "is not a lease page");
    page[8]++;
    refuses_forged(page, (size_t)bytes, all,
                   "is a lease page of version 2, not of 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(missing_variables_are_named),
        cmocka_unit_test(what_is_no_page_is_refused),
        cmocka_unit_test(forged_pages_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
