/* codec_refusal.h: errors as etcd words them; for the codec's own files. */
#ifndef CODEC_REFUSAL_H
#define CODEC_REFUSAL_H

#include "etcd/codec.h"
#include "etcd/json.h"

/* Read the body as a refusal; something is wrong when it is none. */
struct etcd_refusal codec_refusal_read(struct json *j);

#endif
