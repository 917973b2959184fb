/* watch.h: a stream of watches from a world's first gateway. */
#ifndef WATCH_H
#define WATCH_H

#include "world.h"

/* Messages of the stream: any, and those of one event. */
#define WATCH_MESSAGE(rest) "{\"result\":{" WORLD_HEADER rest "}}\n"
#define WATCH_PUT(id, key)                                                     \
    WATCH_MESSAGE(",\"watch_id\":\"" id                                        \
                  "\",\"events\":[{\"kv\":{\"key\":\"" key                     \
                  "\",\"create_revision\":\"3\",\"mod_revision\":\"9\","       \
                  "\"version\":\"2\",\"value\":\"dg==\"}}]")
#define WATCH_DELETE(id, key)                                                  \
    WATCH_MESSAGE(",\"watch_id\":\"" id                                        \
                  "\",\"events\":[{\"type\":\"DELETE\",\"kv\":"                \
                  "{\"key\":\"" key "\",\"mod_revision\":\"10\"}}]")

/* A stream of three watches, which etcd accepts. Returns its connection. */
unsigned watch_open(struct world *w, uint64_t tag);
void watch_say(struct world *w, unsigned connection, const char *piece);
/* Wait for the client's next reply: it is a message of this watch. */
struct etcd_reply watch_expect(struct world *w, uint64_t tag, int64_t watch_id);

#endif
