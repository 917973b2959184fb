/* trace.h: one line for each answer of etcd's and what was decided upon it.
 *
 * For an operator who wants to know why: a notice of severity DEBUG, with the
 * endpoint, the call, the revision and the duration as fields of their own.
 */
#ifndef TRACE_H
#define TRACE_H

#include "core/election.h"
#include "etcd/etcd.h"
#include "lib/announce.h"

/* What was asked, as the trace names it; never NULL. */
const char *trace_call(enum election_request_type type);

/* Append the notice.
 * call      as above, or "watch"; a string that lives on
 * began_ms  when the call was sent, on the clock of now_ms
 * state     the election's, after the step that the answer caused */
void trace_answer(struct announcer *a, int64_t now_ms, const char *call,
                  int64_t began_ms, const struct etcd_reply *reply,
                  enum election_state state);

#endif
