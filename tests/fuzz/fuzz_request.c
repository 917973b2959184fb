/* fuzz_request.c: what is taken of a request key is within its limits, and is
 * the same when it is written and read again; what is refused changes nothing.
 */
#include <string.h>

#include "etcd/request.h"
#include "fuzz/fuzz.h"
#include "fuzz/script.h"
#include "sys/text.h"

static void check_again(const struct request *request)
{
    char value[REQUEST_VALUE_BYTES_MAX];
    struct request again;
    script_keep_memory();
    size_t bytes = request_build(request, value);
    CHECK(bytes == strlen(value));
    CHECK(request_parse(value, bytes, &again, NULL) == 0);
    CHECK(again.type == request->type);
    CHECK(again.token == request->token);
    CHECK(again.to_token == request->to_token);
    if (request->to_token)
        CHECK(strcmp(again.to, request->to) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct request request = { .token = -1 };
    struct candidate_error err = { .message = "" };
    int r = request_parse((const char *)data, size, &request, &err);
    if (r < 0) {
        CHECK(r == CANDIDATE_EPROTO || r == CANDIDATE_ENOMEM);
        CHECK(err.code == r && err.message[0]);
        CHECK(request.token == -1);
        return 0;
    }
    CHECK(r == 0);
    CHECK(request.token >= 1);
    CHECK(request.to_token >= (request.type == REQUEST_TRANSFER ? 1 : 0));
    CHECK(strlen(request.to) <= CANDIDATE_ID_BYTES_MAX);
    if (text_is_clean(request.to, strlen(request.to)))
        check_again(&request);
    return 0;
}
