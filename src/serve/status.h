/* status.h: what this candidate says about itself to those who ask over HTTP.
 *
 * Keeps what events have told, and renders; asks no clock and does no input
 * or output. Whether we lead is never kept: it comes with each question.
 */
#ifndef STATUS_H
#define STATUS_H

#include "candidate.h"
#include "sys/json_text.h"

enum {
    STATUS_MARGIN_MS = 500, /* of lease time that a leader must have left */
    STATUS_NAME_BYTES_MAX = 256,
    STATUS_TEXT_BYTES_MAX = 1024,
    STATUS_SCHEMA = 1, /* of the JSON; grows when a member changes or goes */
};

enum status_role { STATUS_ATTEMPTING, STATUS_LEADS, STATUS_FOLLOWS };

struct status {
    const char *id, *election; /* borrowed */
    int64_t ttl_ms;
    enum status_role role;
    int64_t since_ms;                   /* of the role */
    int64_t token, lease;               /* while the role is LEADS */
    char leader[STATUS_NAME_BYTES_MAX]; /* while it is FOLLOWS */
    bool leaving;
};

/* What candidate.h's functions and the clocks say at this moment. */
struct status_now {
    int64_t now_ms;  /* CLOCK_BOOTTIME */
    int64_t wall_ms; /* since 1970 */
    int64_t lead_until_ms;
    int64_t confirmed_at_ms;
    int place;
};

/* config is borrowed as long as s is in use. */
void status_init(struct status *s, const struct candidate_config *config,
                 int64_t now_ms);

/* To be told of every event, and when a resignation begins. */
void status_event(struct status *s, const struct candidate_event *event);
void status_leaving(struct status *s);

/* What can be asked with yes or no as the answer. Unsure means no. */
enum status_question {
    STATUS_LEADER,  /* does it lead, for STATUS_MARGIN_MS at least? */
    STATUS_STANDBY, /* does it wait, in touch with etcd? */
    STATUS_LIVE,    /* does its loop turn? */
    STATUS_HEALTHY, /* is it in touch with etcd? */
    STATUS_READY,   /* does it take part, and does not leave? */
};

/* ret_text  why, one line for people: STATUS_TEXT_BYTES_MAX bytes. */
bool status_answer(const struct status *s, const struct status_now *now,
                   enum status_question question, char *ret_text);

/* Has etcd confirmed our part lately: within half the TTL, in which a renewal
 * is due and may be tried once? */
bool status_in_touch(const struct status *s, const struct status_now *now);

/* For how long its leadership is certain; 0: it does not lead. */
int64_t status_lead_ms(const struct status *s, const struct status_now *now);

/* Who leads, as far as it is sure; NULL: unknown, or nobody. */
const char *status_leader(const struct status *s, const struct status_now *now);

/* Write the members of the object that /status gives. */
void status_members(const struct status *s, const struct status_now *now,
                    struct json_text *j);

#endif
