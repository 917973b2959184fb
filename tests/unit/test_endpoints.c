/* test_endpoints.c: the list of servers, as operators write it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "etcd/endpoints.h"

static void expect_urls(const char *list, unsigned n, const char *const *urls)
{
    static struct endpoints endpoints;
    struct candidate_error err = { .message = "" };
    int r = endpoints_parse(&endpoints, list, false, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(r, 0);
    assert_int_equal(endpoints.n, n);
    for (unsigned i = 0; i < n; i++)
        assert_string_equal(endpoints.urls[i], urls[i]);
}

static void expect_url(const char *item, const char *url)
{
    expect_urls(item, 1, &url);
}

static void expect_error(const char *list, const char *message)
{
    static struct endpoints endpoints;
    struct candidate_error err;
    endpoints.n = 77;
    assert_int_equal(endpoints_parse(&endpoints, list, false, &err),
                     CANDIDATE_EINVAL);
    assert_string_equal(err.message, message);
    assert_int_equal(err.code, CANDIDATE_EINVAL);
    assert_int_equal(endpoints.n, 77);
}

static void every_way_to_write_an_endpoint_is_taken(void **state)
{
    (void)state;
    expect_url("http://127.0.0.1:2379", "http://127.0.0.1:2379");
    expect_url("127.0.0.1:2379", "http://127.0.0.1:2379");
    expect_url("https://etcd-1.example.com:2379/",
               "https://etcd-1.example.com:2379");
    expect_url("HTTPS://Etcd_1.Example.COM.:443",
               "https://etcd_1.example.com.:443");
    expect_url("http://[::1]:2379", "http://[::1]:2379");
    expect_url("[2001:DB8::1]:2379/", "http://[2001:db8::1]:2379");
    expect_url("[::ffff:10.0.0.1]:1", "http://[::ffff:10.0.0.1]:1");
    expect_url("4f2a:65535", "http://4f2a:65535");
    expect_url("localhost:02379", "http://localhost:2379");
    expect_url(" \thttp://a:1 ", "http://a:1");
}

static void items_keep_their_order(void **state)
{
    (void)state;
    const char *const urls[] = { "http://c:1", "https://a:2",
                                 "http://[::1]:3" };
    expect_urls("c:1,https://a:2, [::1]:3/", 3, urls);
}

static void longest_host_fits(void **state)
{
    (void)state;
    char host[ENDPOINTS_HOST_BYTES_MAX + 2], item[400], url[400];
    memset(host, 'a', sizeof host);
    host[ENDPOINTS_HOST_BYTES_MAX] = '\0';
    snprintf(item, sizeof item, "https://%s:65535", host);
    snprintf(url, sizeof url, "https://%s:65535", host);
    expect_url(item, url);
    host[ENDPOINTS_HOST_BYTES_MAX] = 'a';
    host[ENDPOINTS_HOST_BYTES_MAX + 1] = '\0';
    snprintf(item, sizeof item, "https://%s:65535", host);
    struct endpoints endpoints;
    assert_int_equal(endpoints_parse(&endpoints, item, false, NULL),
                     CANDIDATE_EINVAL);
}

static void empty_items_are_named(void **state)
{
    (void)state;
    expect_error("", "endpoints: none is given");
    expect_error("  ", "endpoints: none is given");
    expect_error("a:1,", "endpoints: number 2 is empty");
    expect_error("a:1, ,b:2", "endpoints: number 2 is empty");
    expect_error(",a:1", "endpoints: number 1 is empty");
}

static void wrong_schemes_are_named(void **state)
{
    (void)state;
    expect_error("ftp://a:1",
                 "endpoints: \"ftp://a:1\": starts with neither "
                 "http:// nor https://");
    expect_error("unix://a:1",
                 "endpoints: \"unix://a:1\": starts with neither "
                 "http:// nor https://");
    expect_error("://a:1",
                 "endpoints: \"://a:1\": starts with neither "
                 "http:// nor https://");
    expect_error("http:/a:1",
                 "endpoints: \"http:/a:1\": has a path; give host "
                 "and port only");
}

static void wrong_ports_are_named(void **state)
{
    (void)state;
    expect_error("a", "endpoints: \"a\": no port; etcd's own is 2379");
    expect_error("http://a/",
                 "endpoints: \"http://a/\": no port; etcd's own is 2379");
    expect_error("a:", "endpoints: \"a:\": no port; etcd's own is 2379");
    expect_error("[::1]", "endpoints: \"[::1]\": no port; etcd's own is 2379");
    expect_error("[::1]2379",
                 "endpoints: \"[::1]2379\": no port; etcd's own is 2379");
    expect_error("a:b", "endpoints: \"a:b\": the port is not a number");
    expect_error("a:+1", "endpoints: \"a:+1\": the port is not a number");
    expect_error("a:1 2", "endpoints: \"a:1 2\": the port is not a number");
    expect_error("a:0", "endpoints: \"a:0\": the port is not in 1..65535");
    expect_error("a:65536",
                 "endpoints: \"a:65536\": the port is not in 1..65535");
    expect_error("a:000001",
                 "endpoints: \"a:000001\": the port is not in 1..65535");
}

static void wrong_hosts_are_named(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "127.1:1", "256.0.0.1:1", "1.2.3.4.5:1", "a..b:1",
        "-a:1",    ".a:1",        "a b:1",       "a\x01:1",
        "[]:1",    "[1.2.3.4]:1", "[::g]:1",     "[fe80::1%eth0]:1",
        "a%00:1",  "\xc3\xa9:1",  "[::1]]:1",    "a\\:1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct endpoints endpoints;
        struct candidate_error err;
        assert_int_equal(endpoints_parse(&endpoints, wrong[i], false, &err),
                         CANDIDATE_EINVAL);
        assert_memory_equal(err.message, "endpoints: \"", 12);
    }
    expect_error("127.1:1",
                 "endpoints: \"127.1:1\": neither a host name nor an address");
    expect_error(
        "a\x1b[1m:1",
        "endpoints: \"a\\x1b[1m:1\": neither a host name nor an address");
    expect_error(":2379", "endpoints: \":2379\": no host");
    expect_error("http://", "endpoints: \"http://\": no host");
    expect_error("[::1:2379",
                 "endpoints: \"[::1:2379\": the bracket is not closed");
    expect_error("::1:2379",
                 "endpoints: \"::1:2379\": write an IPv6 address in "
                 "brackets, as in [::1]:2379");
}

static void paths_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = { "http://a:1/v3", "a:1//", "a:1/?q",
                                         "a:1#f", "a:1?q" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char message[128];
        snprintf(message, sizeof message,
                 "endpoints: \"%s\": has a path; give host and port only",
                 wrong[i]);
        expect_error(wrong[i], message);
    }
}

static void passwords_are_refused_and_not_shown(void **state)
{
    (void)state;
    expect_error("a:1,http://root:secret@b:2",
                 "endpoints: number 2 has a user name or password in it; give "
                 "it with --user");
    expect_error("ftp://root:secret@b:2/x",
                 "endpoints: number 1 has a user name or password in it; give "
                 "it with --user");
}

static void same_server_twice_is_refused(void **state)
{
    (void)state;
    expect_error("a:1,b:1,A:01/", "endpoints: \"A:01/\": given twice");
    expect_error("http://a:1,https://a:1",
                 "endpoints: \"https://a:1\": given twice");
    const char *const urls[] = { "http://a:1", "http://a:2" };
    expect_urls("a:1,a:2", 2, urls);
}

static void number_of_endpoints_has_a_limit(void **state)
{
    (void)state;
    char list[CANDIDATE_ENDPOINTS_MAX * 8] = "";
    struct endpoints endpoints;
    size_t size = 0;
    for (int i = 1; i <= CANDIDATE_ENDPOINTS_MAX; i++)
        size += (size_t)snprintf(list + size, sizeof list - size, "%sh:%d",
                                 i > 1 ? "," : "", i);
    assert_int_equal(endpoints_parse(&endpoints, list, false, NULL), 0);
    assert_int_equal(endpoints.n, CANDIDATE_ENDPOINTS_MAX);
    snprintf(list + size, sizeof list - size, ",h:99");
    expect_error(list, "endpoints: more than 32");
}

static void long_items_are_cut_in_messages(void **state)
{
    (void)state;
    char item[2000];
    memset(item, 'x', sizeof item - 1);
    item[sizeof item - 1] = '\0';
    struct endpoints endpoints;
    struct candidate_error err;
    assert_int_equal(endpoints_parse(&endpoints, item, false, &err),
                     CANDIDATE_EINVAL);
    assert_true(strlen(err.message) < 256);
    assert_non_null(strstr(err.message, "xx...\": neither a host name"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_way_to_write_an_endpoint_is_taken),
        cmocka_unit_test(items_keep_their_order),
        cmocka_unit_test(longest_host_fits),
        cmocka_unit_test(empty_items_are_named),
        cmocka_unit_test(wrong_schemes_are_named),
        cmocka_unit_test(wrong_ports_are_named),
        cmocka_unit_test(wrong_hosts_are_named),
        cmocka_unit_test(paths_are_refused),
        cmocka_unit_test(passwords_are_refused_and_not_shown),
        cmocka_unit_test(same_server_twice_is_refused),
        cmocka_unit_test(number_of_endpoints_has_a_limit),
        cmocka_unit_test(long_items_are_cut_in_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
