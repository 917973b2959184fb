/* parsed.c: see parsed.h. */
#include "support/parsed.h"

#include <stdlib.h>

int parsed_read(struct parsed *p, enum parsed_kind kind, const char *body,
                size_t bytes)
{
    struct arena *a = &p->arena;
    switch (kind) {
    case LEASE:
        return codec_parse_lease(a, body, bytes, &p->header, &p->lease,
                                 &p->err);
    case KEEPALIVE:
        return codec_parse_keepalive(a, body, bytes, &p->header, &p->lease,
                                     &p->err);
    case PLAIN:
        return codec_parse_header(a, body, bytes, &p->header, &p->err);
    case RANGE:
        return codec_parse_result(a, body, bytes, ETCD_OP_RANGE, &p->header,
                                  &p->result, &p->err);
    case PUT:
        return codec_parse_result(a, body, bytes, ETCD_OP_PUT, &p->header,
                                  &p->result, &p->err);
    case DEL:
        return codec_parse_result(a, body, bytes, ETCD_OP_DELETE, &p->header,
                                  &p->result, &p->err);
    case TXN:
        return codec_parse_txn(a, body, bytes, &p->header, &p->txn, &p->err);
    case STATUS:
        return codec_parse_status(a, body, bytes, &p->header, &p->status,
                                  &p->err);
    case TOKEN:
        return codec_parse_token(a, body, bytes, &p->token, &p->err);
    case WATCH:
        return codec_parse_watch(a, body, bytes, &p->header, &p->watch,
                                 &p->refusal, &p->is_refusal, &p->err);
    case REFUSAL:
        return codec_parse_refusal(a, body, bytes, &p->refusal, &p->err);
    }
    abort();
}
