/* test_srv_reply.c: what is taken of a name server's reply, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/nameser.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/dns_server.h"
#include "sys/srv_reply.h"

#define NAME "_etcd-client._tcp.example.test"

static struct dns_message message(void)
{
    struct dns_message m;
    dns_begin_srv(&m, NAME);
    return m;
}

static struct srv_reply parsed(const struct dns_message *m)
{
    struct srv_reply reply = { .n = 99 };
    struct candidate_error err = { .message = "" };
    int r = srv_reply_parse(&reply, m->data, m->bytes, &err);
    assert_string_equal(err.message, "");
    assert_int_equal(r, 0);
    return reply;
}

static void expect_refused(const struct dns_message *m, int error,
                           const char *words)
{
    struct srv_reply reply = { .n = 99 };
    struct candidate_error err = { .message = "" };
    int r = srv_reply_parse(&reply, m->data, m->bytes, &err);
    assert_string_equal(err.message, words);
    assert_int_equal(r, error);
    assert_int_equal(reply.n, 99);
}

static void expect_hosts(const struct srv_reply *reply, const char *hosts)
{
    char all[512] = "";
    for (unsigned i = 0; i < reply->n; i++) {
        size_t used = strlen(all);
        snprintf(all + used, sizeof all - used, "%s ", reply->records[i].host);
    }
    assert_string_equal(all, hosts);
}

static void a_record_is_taken_whole_and_without_the_dot(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add_srv(&m, 1, 65535, 2379, "etcd_1.Example.test.");
    struct srv_reply reply = parsed(&m);
    assert_int_equal(reply.n, 1);
    assert_string_equal(reply.records[0].host, "etcd_1.Example.test");
    assert_int_equal(reply.records[0].port, 2379);
    assert_int_equal(reply.records[0].priority, 1);
    assert_int_equal(reply.records[0].weight, 65535);
    assert_false(reply.declined);
}

static void low_priority_is_first_then_large_weight_then_order(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add_srv(&m, 20, 100, 1, "g");
    dns_add_srv(&m, 10, 0, 1, "e");
    dns_add_srv(&m, 10, 7, 1, "c");
    dns_add_srv(&m, 0, 1, 1, "b");
    dns_add_srv(&m, 10, 7, 1, "d");
    dns_add_srv(&m, 10, 0, 1, "f");
    dns_add_srv(&m, 0, 2, 1, "a");
    struct srv_reply reply = parsed(&m);
    expect_hosts(&reply, "a b c d e f g ");
}

static void an_alias_is_followed(void **state)
{
    (void)state;
    struct dns_message m = message();
    static const unsigned char data[] = "\0\1\0\2\0\3\1a";
    dns_add_alias(&m, NULL, "one.test");
    dns_add_alias(&m, "ONE.test", "two.test");
    dns_add(&m, "two.TEST", ns_t_srv, ns_c_in, data, sizeof data);
    struct srv_reply reply = parsed(&m);
    expect_hosts(&reply, "a ");
}

static void records_of_other_types_are_passed_over(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add(&m, "example.test", ns_t_txt, ns_c_in, "\1x", 2);
    dns_add_srv(&m, 0, 0, 1, "a");
    dns_add(&m, NULL, ns_t_rrsig, ns_c_in, "", 0);
    struct srv_reply reply = parsed(&m);
    expect_hosts(&reply, "a ");
}

static void a_target_may_point_to_an_earlier_name(void **state)
{
    (void)state;
    struct dns_message m = message();
    /* "b", then example.test of the question */
    static const unsigned char data[] = "\0\1\0\2\0\3\1b\xc0\x1e";
    dns_add(&m, NULL, ns_t_srv, ns_c_in, data, sizeof data - 1);
    struct srv_reply reply = parsed(&m);
    expect_hosts(&reply, "b.example.test ");
}

static void a_reply_without_records_has_none(void **state)
{
    (void)state;
    struct dns_message m = message();
    struct srv_reply reply = parsed(&m);
    assert_int_equal(reply.n, 0);
    assert_false(reply.declined);
}

static void a_target_of_one_dot_declines(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add_srv(&m, 0, 0, 0, "");
    struct srv_reply reply = parsed(&m);
    assert_int_equal(reply.n, 0);
    assert_true(reply.declined);
}

static void another_class_is_refused(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add(&m, NULL, ns_t_srv, ns_c_chaos, "\0\1\0\2\0\3\1a", 9);
    expect_refused(&m, CANDIDATE_EPROTO,
                   "bad reply: a record of another class");
}

static void another_name_is_refused(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add(&m, "evil.test", ns_t_srv, ns_c_in, "\0\1\0\2\0\3\1a", 9);
    expect_refused(&m, CANDIDATE_EPROTO,
                   "bad reply: a record of another name: \"evil.test\"");
    m = message();
    dns_add_alias(&m, "evil.test", "other.test");
    expect_refused(&m, CANDIDATE_EPROTO,
                   "bad reply: a record of another name: \"evil.test\"");
}

static void targets_that_are_no_host_names_are_refused(void **state)
{
    (void)state;
    static const char *const targets[][2] = {
        { "a b", "a\\032b" },
        { "a,http://evil", "a,http://evil" },
        { "a@b", "a\\@b" },
        { "a/b", "a/b" },
        { "a:1", "a:1" },
        { "a%41", "a%41" },
        { "-oProxy", "-oProxy" },
        { "a\nb", "a\\010b" },
        { "caf\xc3\xa9", "caf\\195\\169" },
        { "127.0.0.1", "127.0.0.1" },
        { "127.1", "127.1" },
        { "0x7f000001", "0x7f000001" },
        { "1", "1" },
        { "1.2.3.4.5", "1.2.3.4.5" },
    };
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct dns_message m = message();
        char words[160];
        dns_add_srv(&m, 0, 0, 1, targets[i][0]);
        snprintf(words, sizeof words,
                 "bad reply: a target is no host name: \"%s\"", targets[i][1]);
        expect_refused(&m, CANDIDATE_EPROTO, words);
    }
}

static void a_label_with_a_dot_in_it_is_refused(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add(&m, NULL, ns_t_srv, ns_c_in, "\0\0\0\0\0\1\3a.b", 11);
    expect_refused(&m, CANDIDATE_EPROTO,
                   "bad reply: a target is no host name: \"a\\.b\"");
}

static void port_0_is_refused(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add_srv(&m, 0, 0, 0, "a.test");
    expect_refused(&m, CANDIDATE_EPROTO, "bad reply: port 0: \"a.test\"");
}

static void longest_host_fits(void **state)
{
    (void)state;
    char host[SRV_HOST_BYTES_MAX + 1];
    memset(host, 'a', sizeof host - 1);
    for (size_t i = 63; i < sizeof host; i += 64)
        host[i] = '.';
    host[sizeof host - 1] = '\0';
    struct dns_message m = message();
    dns_add_srv(&m, 0, 0, 1, host);
    struct srv_reply reply = parsed(&m);
    assert_string_equal(reply.records[0].host, host);
}

static void records_with_wrong_lengths_are_refused(void **state)
{
    (void)state;
    static const unsigned char data[] = "\0\1\0\2\0\3\1a\0more";
    static const size_t lengths[] = { 0, 5, 6, 7, 8, 10, 13 };
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        struct dns_message m = message();
        dns_add(&m, NULL, ns_t_srv, ns_c_in, data, lengths[i]);
        dns_add_srv(&m, 0, 0, 1, "a"); /* which a cut name could run into */
        expect_refused(&m, CANDIDATE_EPROTO,
                       "bad reply: an SRV record is cut or too long");
    }
    struct dns_message m = message();
    dns_add(&m, NULL, ns_t_cname, ns_c_in, "\1a\0x", 4);
    expect_refused(&m, CANDIDATE_EPROTO,
                   "bad reply: an alias is cut or too long");
}

static void a_name_that_points_to_itself_is_refused(void **state)
{
    (void)state;
    struct dns_message m = message();
    unsigned char data[] = { 0, 0, 0, 0, 0, 1, 0xc0, 0 };
    /* behind the owner's pointer, the fixed part and the first 6 bytes */
    data[7] = (unsigned char)(m.bytes + 2 + 10 + 6);
    dns_add(&m, NULL, ns_t_srv, ns_c_in, data, sizeof data);
    expect_refused(&m, CANDIDATE_EPROTO,
                   "bad reply: an SRV record is cut or too long");
}

static void a_truncated_reply_is_refused(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add_srv(&m, 0, 0, 1, "a");
    dns_set_truncated(&m);
    expect_refused(&m, CANDIDATE_ETOOBIG,
                   "the reply is truncated: its records are too many");
}

static void number_of_records_has_a_limit(void **state)
{
    (void)state;
    struct dns_message m = message();
    char host[16];
    for (unsigned i = 0; i < CANDIDATE_ENDPOINTS_MAX; i++) {
        snprintf(host, sizeof host, "h%u", i);
        dns_add_srv(&m, 0, 0, 1, host);
    }
    struct srv_reply reply = parsed(&m);
    assert_int_equal(reply.n, CANDIDATE_ENDPOINTS_MAX);
    dns_add_srv(&m, 0, 0, 1, "one-more");
    expect_refused(&m, CANDIDATE_ETOOBIG, "more than 32 SRV records");
}

static void not_one_question_is_refused(void **state)
{
    (void)state;
    static const unsigned char question[] = "\1q\0\0\41\0\1";
    for (unsigned n = 0; n <= 2; n += 2) {
        struct dns_message m = { .bytes = DNS_QUESTION_AT };
        m.data[DNS_QUESTIONS_AT + 1] = (unsigned char)n;
        for (unsigned i = 0; i < n; i++) {
            memcpy(m.data + m.bytes, question, sizeof question - 1);
            m.bytes += sizeof question - 1;
        }
        expect_refused(&m, CANDIDATE_EPROTO, "bad reply: not one question");
    }
}

/* From memory of exactly that size, for the sanitizer's sake. */
static void every_cut_is_refused(void **state)
{
    (void)state;
    struct dns_message m = message();
    dns_add_alias(&m, NULL, NAME);
    dns_add_srv(&m, 0, 0, 1, "a.example.test");
    for (size_t size = 0; size < m.bytes; size++) {
        unsigned char *cut = malloc(size + 1);
        assert_non_null(cut);
        memcpy(cut + 1, m.data, size);
        struct srv_reply reply;
        struct candidate_error err = { .message = "" };
        assert_int_equal(srv_reply_parse(&reply, cut + 1, size, &err),
                         CANDIDATE_EPROTO);
        assert_string_equal(err.message,
                            "bad reply: cut, or not in DNS's form");
        free(cut);
    }
    struct srv_reply reply = parsed(&m);
    expect_hosts(&reply, "a.example.test ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_taken_whole_and_without_the_dot),
        cmocka_unit_test(low_priority_is_first_then_large_weight_then_order),
        cmocka_unit_test(an_alias_is_followed),
        cmocka_unit_test(records_of_other_types_are_passed_over),
        cmocka_unit_test(a_target_may_point_to_an_earlier_name),
        cmocka_unit_test(a_reply_without_records_has_none),
        cmocka_unit_test(a_target_of_one_dot_declines),
        cmocka_unit_test(another_class_is_refused),
        cmocka_unit_test(another_name_is_refused),
        cmocka_unit_test(targets_that_are_no_host_names_are_refused),
        cmocka_unit_test(a_label_with_a_dot_in_it_is_refused),
        cmocka_unit_test(port_0_is_refused),
        cmocka_unit_test(longest_host_fits),
        cmocka_unit_test(records_with_wrong_lengths_are_refused),
        cmocka_unit_test(a_name_that_points_to_itself_is_refused),
        cmocka_unit_test(a_truncated_reply_is_refused),
        cmocka_unit_test(number_of_records_has_a_limit),
        cmocka_unit_test(not_one_question_is_refused),
        cmocka_unit_test(every_cut_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
