/* fuzz_srv_reply.c: what is taken of a name server's reply can stand in a list
 * of endpoints, whatever the reply is; a refused one changes nothing.
 */
#include <stdbool.h>
#include <string.h>

#include "etcd/endpoints.h"
#include "fuzz/fuzz.h"
#include "sys/srv_reply.h"

enum { UNTOUCHED_N = CANDIDATE_ENDPOINTS_MAX + 1 };

static void check_record(const struct srv_record *record)
{
    static struct endpoints endpoints;
    char url[ENDPOINTS_URL_BYTES_MAX];
    int n = snprintf(url, sizeof url, "https://%s:%u", record->host,
                     (unsigned)record->port);
    CHECK(n > 0 && (size_t)n < sizeof url);
    CHECK(!strchr(url, ','));
    CHECK(endpoints_parse(&endpoints, url, true, NULL) == 0);
}

static void check_order(const struct srv_record *a, const struct srv_record *b)
{
    CHECK(a->priority <= b->priority);
    CHECK(a->priority < b->priority || a->weight >= b->weight);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct srv_reply reply = { .n = UNTOUCHED_N };
    struct candidate_error err = { .message = "" };
    int r = srv_reply_parse(&reply, data, size, &err);
    if (r < 0) {
        CHECK(r == CANDIDATE_EPROTO || r == CANDIDATE_ETOOBIG);
        CHECK(err.code == r && err.message[0]);
        CHECK(reply.n == UNTOUCHED_N);
        return 0;
    }
    CHECK(r == 0 && reply.n <= CANDIDATE_ENDPOINTS_MAX);
    for (unsigned i = 0; i < reply.n; i++) {
        check_record(&reply.records[i]);
        if (i > 0)
            check_order(&reply.records[i - 1], &reply.records[i]);
    }
    return 0;
}
