/* test_codec_member.c: what etcd says about its members. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "etcd/codec.h"
#include "unit/replies.h"

/* As 3.5.30 sends it: without a revision. */
#define MEMBER_HEADER                                                          \
    "\"header\":{\"cluster_id\":\"10144879847569953045\","                     \
    "\"member_id\":\"12428976124636271536\",\"raft_term\":\"2\"}"

static void members_have_names_and_urls(void **state)
{
    (void)state;
    static const char body[] =
        "{" MEMBER_HEADER ",\"members\":[{\"ID\":\"18000000000000000001\","
        "\"name\":\"m0\",\"peerURLs\":[\"http://a:2380\"],"
        "\"clientURLs\":[\"http://a:2379\",\"http://b:2379\"]},"
        "{\"ID\":\"2\",\"peerURLs\":[\"http://c:2380\"]}]}";
    struct arena arena;
    struct etcd_header header;
    struct etcd_members_result members;
    arena_init(&arena);
    assert_int_equal(codec_parse_members(&arena, body, strlen(body), &header,
                                         &members, NULL),
                     0);
    assert_int_equal(members.n, 2);
    assert_true(members.items[0].id == UINT64_C(18000000000000000001));
    assert_bytes(members.items[0].name, "m0");
    assert_bytes(members.items[0].url, "http://a:2379");
    assert_bytes(members.items[1].name, "");
    assert_bytes(members.items[1].url, "");
    arena_done(&arena);
}

static void odd_lists_are_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "{}",
        "{" MEMBER_HEADER ",\"members\":{}}",
        "{" MEMBER_HEADER ",\"members\":[1]}",
        "{" MEMBER_HEADER ",\"members\":[{}]}",
        "{" MEMBER_HEADER ",\"members\":[{\"ID\":\"1\",\"clientURLs\":[1]}]}",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        struct arena arena;
        struct etcd_header header;
        struct etcd_members_result members;
        arena_init(&arena);
        assert_int_equal(codec_parse_members(&arena, bodies[i],
                                             strlen(bodies[i]), &header,
                                             &members, NULL),
                         CANDIDATE_EPROTO);
        arena_done(&arena);
    }
}

static void status_has_the_members_own_complaints(void **state)
{
    (void)state;
    static const char body[] =
        "{" HEADER ",\"version\":\"3.5.30\",\"raftTerm\":\"2\","
        "\"errors\":[\"memberID:1 alarm:NOSPACE \",\"b\\n\",\"c\",\"d\",\"e\"]"
        "}";
    struct arena arena;
    struct etcd_header header;
    struct etcd_status_result status;
    arena_init(&arena);
    assert_int_equal(
        codec_parse_status(&arena, body, strlen(body), &header, &status, NULL),
        0);
    assert_int_equal(status.errors_n, ETCD_STATUS_ERRORS_MAX);
    assert_bytes(status.errors[0], "memberID:1 alarm:NOSPACE ");
    assert_bytes(status.errors[1], "b\\x0a");
    assert_int_equal(status.leader, 0);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_names_and_urls),
        cmocka_unit_test(odd_lists_are_refused),
        cmocka_unit_test(status_has_the_members_own_complaints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
