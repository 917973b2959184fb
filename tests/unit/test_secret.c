/* test_secret.c: passwords from a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/secret.h"

enum { SECRET_BYTES = CANDIDATE_PASSWORD_BYTES_MAX + 1 };

struct fixture {
    char path[32];
    char secret[SECRET_BYTES];
    struct candidate_error err;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->path, sizeof f->path, "/tmp/test_secret.XXXXXX");
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    close(fd);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    free(f);
    return 0;
}

static void put(const struct fixture *f, const char *data, size_t bytes)
{
    FILE *file = fopen(f->path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static int get(struct fixture *f)
{
    strcpy(f->secret, "untouched");
    return secret_read_file(f->path, f->secret, sizeof f->secret, &f->err);
}

static void gives(struct fixture *f, const char *content, const char *secret)
{
    put(f, content, strlen(content));
    assert_int_equal(get(f), 0);
    assert_string_equal(f->secret, secret);
}

static void refuses(struct fixture *f, const char *words)
{
    char message[128];
    assert_int_equal(get(f), CANDIDATE_EINVAL);
    snprintf(message, sizeof message, "%s: %s", f->path, words);
    assert_string_equal(f->err.message, message);
    assert_string_equal(f->secret, "untouched");
}

static void first_line_counts_without_its_end(void **state)
{
    struct fixture *f = *state;
    gives(f, "secret\n", "secret");
    gives(f, "secret", "secret");
    gives(f, "secret\r\n", "secret");
    gives(f, " of two words \nand another line\n", " of two words ");
}

static void longest_password_fits_and_one_byte_more_does_not(void **state)
{
    struct fixture *f = *state;
    char text[CANDIDATE_PASSWORD_BYTES_MAX + 3];
    memset(text, 'x', sizeof text);
    memcpy(text + CANDIDATE_PASSWORD_BYTES_MAX, "\r\n", 3);
    put(f, text, sizeof text - 1);
    assert_int_equal(get(f), 0);
    assert_int_equal(strlen(f->secret), CANDIDATE_PASSWORD_BYTES_MAX);
    memset(text, 'x', sizeof text);
    put(f, text, CANDIDATE_PASSWORD_BYTES_MAX + 1);
    refuses(f, "the password is longer than 1024 bytes");
    put(f, text, sizeof text);
    refuses(f, "the password is longer than 1024 bytes");
}

static void no_line_is_no_password(void **state)
{
    struct fixture *f = *state;
    refuses(f, "the password is empty");
    put(f, "\r\nsecret\n", 9);
    refuses(f, "the password is empty");
    put(f, "sec\0ret\n", 8);
    refuses(f, "the password has a NUL byte in it");
}

static void file_that_others_may_open_is_refused(void **state)
{
    struct fixture *f = *state;
    static const unsigned modes[] = { 0640, 0604, 0620, 0602, 0610 };
    put(f, "secret\n", 7);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char words[64];
        assert_int_equal(chmod(f->path, modes[i]), 0);
        snprintf(words, sizeof words,
                 "is open to others, mode %04o; say chmod 600", modes[i]);
        refuses(f, words);
    }
    assert_int_equal(chmod(f->path, 0400), 0);
    assert_int_equal(get(f), 0);
}

/* Who may read it all the same has special rights. */
static void file_of_another_user_is_refused_to_root(void **state)
{
    struct fixture *f = *state;
    put(f, "secret\n", 7);
    if (chown(f->path, getuid() + 1, getgid()) < 0) {
        assert_int_equal(errno, EPERM);
        print_message("# no file is given away: it takes root\n");
        return;
    }
    refuses(f, "belongs to another user");
}

static void what_is_no_file_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    unlink(f->path);
    refuses(f, strerror(ENOENT));
    assert_int_equal(mkfifo(f->path, 0600), 0);
    refuses(f, "is not a file");
    unlink(f->path);
    assert_int_equal(mkdir(f->path, 0700), 0);
    refuses(f, "is not a file");
    assert_int_equal(rmdir(f->path), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(first_line_counts_without_its_end),
        TEST(longest_password_fits_and_one_byte_more_does_not),
        TEST(no_line_is_no_password),
        TEST(file_that_others_may_open_is_refused),
        TEST(file_of_another_user_is_refused_to_root),
        TEST(what_is_no_file_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
