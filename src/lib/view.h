/* view.h: an election as etcd has shown it: what a survey read, and what the
 * watches told since. No input or output, no clock.
 */
#ifndef VIEW_H
#define VIEW_H

#include "etcd/survey.h"
#include "lib/events.h"

enum {
    VIEW_KEY_BYTES_MAX = 640, /* of a lock key as it is shown */
};

/* What an event or a survey has changed. */
enum view_change {
    VIEW_LEADER = 1 << 0, /* who leads, or that nobody does */
    VIEW_QUEUE = 1 << 1,
};

struct view_lock {
    int64_t created, modified, lease;
    int64_t lease_ends_at_ms, lease_ttl_ms; /* as in candidate.h */
    char id[EVENTS_NAME_BYTES_MAX];
    char key[VIEW_KEY_BYTES_MAX];
};

struct view_leader {
    int64_t created, modified, lease; /* created 0: there is none */
    char id[EVENTS_NAME_BYTES_MAX];
};

/* The oldest locks; the others are counted. */
struct view_queue {
    struct view_lock locks[CANDIDATE_VIEW_QUEUE_MAX];
    size_t n;
    int64_t more;
};

/* All zero at the beginning. */
struct view {
    struct view_leader leader;
    struct view_queue queue;
    struct view_queue incoming; /* of a survey under way */
    int64_t revision;           /* at which all this was so, or later */
    /* Of each watch: what was there up to this revision is in the view. */
    int64_t applied[SURVEY_WATCHES];
    int64_t settled; /* up to this revision nothing is to be applied */
    bool incomplete; /* a survey is due: the view cannot be continued */
    struct candidate_lock shown[CANDIDATE_VIEW_QUEUE_MAX];
};

/* A survey: begin, each lock key in the order of creation, end.
 * leader  create_revision 0: there is no leader key.
 * count   of lock keys in etcd.
 * The last returns a set of enum view_change. */
void view_survey_begin(struct view *v);
void view_survey_lock(struct view *v, const struct etcd_kv *kv);
unsigned view_survey_end(struct view *v, const struct view_leader *leader,
                         int64_t count, int64_t revision);

struct view_leader view_leader(const struct etcd_kv *kv);

/* Take an event of that watch; one that is in the view already changes
 * nothing. Returns a set of enum view_change. */
unsigned view_event(struct view *v, enum survey_watch watch,
                    const struct etcd_watch_event *event);

/* Does a survey_check() at this revision show the same? Then the view is of
 * that revision. */
bool view_confirm(struct view *v, const struct survey_page *check,
                  int64_t revision);

/* The first revision that the watches have to tell of. */
int64_t view_watch_from(const struct view *v);

/* The token of the lock key on the leader key's lease; 0: there is none. */
int64_t view_token(const struct view *v);

/* The lock that is held though there is no leader key; NULL: none. */
const struct view_lock *view_holder(const struct view *v);

/* What became of a lease. */
void view_lease(struct view *v, int64_t lease, int64_t ends_at_ms,
                int64_t ttl_ms);

/* Fill in what candidate.h shows of it. */
void view_show(struct view *v, const struct lock *names,
               struct candidate_view *shown);

#endif
