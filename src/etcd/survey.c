/* survey.c: see survey.h. */
#include "etcd/survey.h"

#include <string.h>

enum { SURVEY_GET_LEADER, SURVEY_GET_QUEUE, SURVEY_RESULTS };

static struct etcd_bytes bytes(const char *text)
{
    return (struct etcd_bytes){ text, strlen(text) };
}

static struct etcd_range queue(const struct lock *l, int64_t limit)
{
    return (struct etcd_range){
        .key = bytes(l->prefix),
        .range_end = bytes(l->prefix_end),
        .limit = limit,
        .order = ETCD_ASCEND,
        .target = ETCD_CREATE,
    };
}

/* A transaction that only reads is a linearizable read. */
static void read_both(const struct lock *l, struct etcd *e, uint64_t tag,
                      int64_t timeout_ms, bool without_value,
                      const struct etcd_range *of_queue)
{
    struct etcd_op reads[SURVEY_RESULTS] = {
        [SURVEY_GET_LEADER] = { .type = ETCD_OP_RANGE,
                                .range = { .key = bytes(l->leader_key),
                                           .keys_only = without_value } },
        [SURVEY_GET_QUEUE] = { .type = ETCD_OP_RANGE, .range = *of_queue },
    };
    struct etcd_txn txn = { .success = reads, .success_n = SURVEY_RESULTS };
    etcd_txn(e, tag, timeout_ms, &txn);
}

void survey_begin(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms, bool keys_only)
{
    struct etcd_range first = queue(l, SURVEY_PAGE_KEYS);
    first.keys_only = keys_only;
    read_both(l, e, tag, timeout_ms, keys_only, &first);
}

void survey_more(const struct lock *l, struct etcd *e, uint64_t tag,
                 int64_t timeout_ms, bool keys_only, int64_t after_revision,
                 int64_t at_revision)
{
    struct etcd_range page = queue(l, SURVEY_PAGE_KEYS);
    page.keys_only = keys_only;
    page.min_create_revision = after_revision + 1;
    page.revision = at_revision;
    etcd_range(e, tag, timeout_ms, &page);
}

void survey_check(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t timeout_ms)
{
    struct etcd_range newest = queue(l, 1);
    newest.order = ETCD_DESCEND;
    newest.target = ETCD_MOD;
    newest.keys_only = true;
    read_both(l, e, tag, timeout_ms, true, &newest);
}

void survey_try_writes(const struct lock *l, struct etcd *e, uint64_t tag,
                       int64_t timeout_ms)
{
    struct etcd_bytes keys[] = { bytes(l->leader_key), bytes(l->prefix) };
    struct etcd_compare never[] = {
        { .key = keys[0], .target = ETCD_CREATE, .relation = ETCD_EQUAL },
        { .key = keys[0], .target = ETCD_CREATE, .relation = ETCD_GREATER },
    };
    struct etcd_op puts[] = {
        { .type = ETCD_OP_PUT, .put = { .key = keys[0] } },
        { .type = ETCD_OP_PUT, .put = { .key = keys[1] } },
    };
    struct etcd_txn txn = {
        .compares = never,
        .compares_n = sizeof never / sizeof *never,
        .success = puts,
        .success_n = sizeof puts / sizeof *puts,
    };
    etcd_txn(e, tag, timeout_ms, &txn);
}

void survey_watch(const struct lock *l, struct etcd *e, uint64_t tag,
                  int64_t from_revision)
{
    struct etcd_watch_key keys[SURVEY_WATCHES] = {
        [SURVEY_LEADER] = { .key = bytes(l->leader_key) },
        [SURVEY_QUEUE] = { .key = bytes(l->prefix),
                           .range_end = bytes(l->prefix_end) },
    };
    etcd_watch(e, tag, keys, SURVEY_WATCHES, from_revision);
}

int survey_parse(const struct etcd_txn_result *txn,
                 struct survey_page *ret_page)
{
    if (txn->results_n != SURVEY_RESULTS)
        return CANDIDATE_EPROTO;
    for (size_t i = 0; i < SURVEY_RESULTS; i++)
        if (txn->results[i].type != ETCD_OP_RANGE)
            return CANDIDATE_EPROTO;
    const struct etcd_kvs *leader = &txn->results[SURVEY_GET_LEADER].range;
    *ret_page = (struct survey_page){
        .queue = txn->results[SURVEY_GET_QUEUE].range,
    };
    if (leader->n > 0)
        ret_page->leader = leader->items[0];
    return 0;
}
