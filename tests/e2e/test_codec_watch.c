/* test_codec_watch.c: a real etcd understands every field of a watch, and we
 * its events.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "e2e/direct.h"
#include "etcd/frames.h"

struct seen {
    unsigned created[2]; /* by watch_id */
    unsigned events[2];
    unsigned prevs[2];
    int64_t first_revision[2]; /* of an event */
};

static void see(struct direct *d, struct seen *seen, const char *message,
                size_t bytes)
{
    struct etcd_watch_result watch;
    struct etcd_refusal refusal;
    bool is_refusal;
    int r = codec_parse_watch(&d->arena, message, bytes, &d->header, &watch,
                              &refusal, &is_refusal, &d->err);
    if (r < 0)
        fail_msg("%.*s: %s", (int)bytes, message, d->err.message);
    assert_false(is_refusal);
    assert_in_range(watch.watch_id, 0, 1);
    assert_false(watch.canceled);
    int64_t id = watch.watch_id;
    seen->created[id] += watch.created;
    if (watch.events_n > 0 && seen->events[id] == 0)
        seen->first_revision[id] = watch.events[0].kv.mod_revision;
    for (size_t i = 0; i < watch.events_n; i++) {
        seen->events[id]++;
        seen->prevs[id] += watch.events[i].prev.create_revision != 0;
    }
}

/* Read the stream until that many events were seen by each of two watches. */
static struct seen see_events(struct direct *d, unsigned first, unsigned second)
{
    struct frames frames;
    frames_init(&frames);
    struct seen seen = { 0 };
    while (seen.events[0] < first || seen.events[1] < second) {
        struct http_event event = direct_await(d);
        assert_int_equal(event.type, HTTP_DATA);
        assert_int_equal(frames_feed(&frames, event.data, event.bytes), 0);
        const char *message;
        size_t bytes;
        while (frames_next(&frames, &message, &bytes))
            see(d, &seen, message, bytes);
    }
    frames_done(&frames);
    direct_stop(d);
    return seen;
}

static void watches_have_one_stream_and_ids_in_order(void **state)
{
    struct direct *d = *state;
    int64_t revision;
    direct_put_abc(d, &revision);
    direct_delete(d, &(struct etcd_delete){ BYTES("a"), BYTES("d"), false });
    static const struct etcd_watch_key keys[] = {
        { .key = BYTES("a") },
        { .key = BYTES("b"), .range_end = BYTES("d"), .prev_kv = true },
    };
    assert_int_equal(codec_build_watch(&d->body, keys, 2, revision), 0);
    direct_send(d, "watch", true);
    struct seen seen = see_events(d, 2, 4);
    assert_int_equal(seen.created[0], 1);
    assert_int_equal(seen.created[1], 1);
    assert_int_equal(seen.events[0], 2);
    assert_int_equal(seen.events[1], 4);
    assert_int_equal(seen.prevs[0], 0);
    assert_int_equal(seen.prevs[1], 2);
    assert_int_equal(seen.first_revision[0], revision);
    assert_int_equal(seen.first_revision[1], revision + 1);
    assert_int_equal(codec_build_watch(&d->body, keys, 2, revision + 2), 0);
    direct_send(d, "watch", true);
    seen = see_events(d, 1, 3);
    assert_int_equal(seen.first_revision[0], revision + 3);
    assert_int_equal(seen.first_revision[1], revision + 2);
}

static void watch_without_deletions_tells_puts_only(void **state)
{
    struct direct *d = *state;
    int64_t revision;
    direct_put_abc(d, &revision);
    direct_delete(d, &(struct etcd_delete){ BYTES("a"), BYTES("d"), false });
    static const struct etcd_watch_key keys[] = {
        { .key = BYTES("a"), .range_end = BYTES("d"), .no_delete = true },
        { .key = BYTES("a"), .range_end = BYTES("d") },
    };
    assert_int_equal(codec_build_watch(&d->body, keys, 2, revision), 0);
    direct_send(d, "watch", true);
    struct seen seen = see_events(d, 3, 6);
    assert_int_equal(seen.events[0], 3);
    assert_int_equal(seen.first_revision[0], revision);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(watches_have_one_stream_and_ids_in_order,
                               direct_clear),
        cmocka_unit_test_setup(watch_without_deletions_tells_puts_only,
                               direct_clear),
    };
    return cmocka_run_group_tests(tests, direct_setup, direct_teardown);
}
