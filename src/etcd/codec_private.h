/* codec_private.h: what the codec's files share; for them alone. */
#ifndef CODEC_PRIVATE_H
#define CODEC_PRIVATE_H

#include "etcd/codec.h"
#include "etcd/json.h"

/* min_revision  0 where etcd may leave the revision out. */
struct etcd_header codec_read_header(struct json *j, const cJSON *reply,
                                     int64_t min_revision);

#endif
