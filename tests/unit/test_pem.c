/* test_pem.c: files that hold what they were given for, and others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/pem.h"

static char path[32];

static int setup(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "/tmp/test_pem.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    return remove(path);
}

static void put(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void refuses(enum pem_content wanted, const char *words)
{
    char message[128];
    struct candidate_error err = { 0 };
    assert_int_equal(pem_check(path, wanted, &err), CANDIDATE_EINVAL);
    snprintf(message, sizeof message, "%s: %s", path, words);
    assert_string_equal(err.message, message);
}

#define CERTIFICATE                                                            \
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
#define KEY(kind) "-----BEGIN " kind "-----\nMIIB\n-----END " kind "-----\n"

static void certificate_and_key_may_stand_in_one_file(void **state)
{
    (void)state;
    put("words before it\n" CERTIFICATE KEY("EC PRIVATE KEY"));
    assert_int_equal(pem_check(path, PEM_CERTIFICATE, NULL), 0);
    assert_int_equal(pem_check(path, PEM_KEY, NULL), 0);
    put(KEY("TRUSTED CERTIFICATE"));
    assert_int_equal(pem_check(path, PEM_CERTIFICATE, NULL), 0);
}

static void other_content_is_named(void **state)
{
    (void)state;
    refuses(PEM_CERTIFICATE, "has no certificate in PEM format");
    put(KEY("PRIVATE KEY") " -----BEGIN CERTIFICATE-----\n");
    refuses(PEM_CERTIFICATE, "has no certificate in PEM format");
    put(CERTIFICATE KEY("PUBLIC KEY"));
    refuses(PEM_KEY, "has no private key in PEM format");
}

static void key_with_a_passphrase_is_refused(void **state)
{
    (void)state;
    static const char words[] =
        "the key is encrypted, and there is no way to give its passphrase";
    put(KEY("ENCRYPTED PRIVATE KEY"));
    refuses(PEM_KEY, words);
    put("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n");
    refuses(PEM_KEY, words);
}

static void what_is_no_file_holds_nobody_up(void **state)
{
    (void)state;
    assert_int_equal(remove(path), 0);
    refuses(PEM_KEY, "No such file or directory");
    assert_int_equal(mkfifo(path, 0600), 0);
    refuses(PEM_KEY, "is not a file");
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    refuses(PEM_CERTIFICATE, "is not a file");
}

static void huge_file_is_not_read(void **state)
{
    (void)state;
    put(CERTIFICATE);
    assert_int_equal(truncate(path, PEM_FILE_BYTES_MAX), 0);
    assert_int_equal(pem_check(path, PEM_CERTIFICATE, NULL), 0);
    assert_int_equal(truncate(path, PEM_FILE_BYTES_MAX + 1), 0);
    refuses(PEM_CERTIFICATE, "is larger than 4194304 bytes");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(certificate_and_key_may_stand_in_one_file),
        TEST(other_content_is_named),
        TEST(key_with_a_passphrase_is_refused),
        TEST(what_is_no_file_holds_nobody_up),
        TEST(huge_file_is_not_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
