/* observer_details.c: the reader's questions about leases and members; see
 * observer.h. One after the other, since there is one lane for calls: first
 * each lease of the queue, then who the members are, then each endpoint.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "lib/observer.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/text.h"

enum { CLOCK_LATE_S = 1 }; /* a date is cut to whole seconds */

/* ---- asking ---- */

static void begin_round(struct candidate_observer *o)
{
    struct observer_round *round = &o->round;
    round->began = true;
    round->next = 0;
    round->leases_n = 0;
    for (size_t i = 0;
         i < o->view.queue.n && round->leases_n < CANDIDATE_OBSERVER_LEASES_MAX;
         i++)
        if (o->view.queue.locks[i].lease != 0)
            round->leases[round->leases_n++] = o->view.queue.locks[i].lease;
    if (o->members_n > 0) /* what is known of them stays until they answer */
        return;
    for (unsigned i = 0; i < etcd_endpoints_n(o->etcd); i++) {
        struct observer_member *texts = &o->member_texts[i];
        *texts = (struct observer_member){ .trouble = "not asked yet" };
        (void)snprintf(texts->endpoint, sizeof texts->endpoint, "%s",
                       etcd_endpoint(o->etcd, i));
        o->members[o->members_n++] = (struct candidate_member){
            .endpoint = texts->endpoint,
            .name = texts->name,
            .version = texts->version,
            .trouble = texts->trouble,
        };
    }
}

bool observer_ask(struct candidate_observer *o, uint64_t tag)
{
    struct observer_round *round = &o->round;
    if (!round->began)
        begin_round(o);
    size_t i = round->next;
    size_t members_at = round->leases_n + etcd_endpoints_n(o->etcd);
    if (i < round->leases_n) {
        o->call = OBSERVER_LEASE;
        etcd_time_to_live(o->etcd, tag, OBSERVER_DETAIL_MS, round->leases[i],
                          false);
    } else if (i < members_at) {
        o->call = OBSERVER_STATUS;
        etcd_status(o->etcd, tag, OBSERVER_DETAIL_MS,
                    (unsigned)(i - round->leases_n));
    } else if (i == members_at) {
        o->call = OBSERVER_MEMBERS;
        etcd_members(o->etcd, tag, OBSERVER_DETAIL_MS);
    } else if (round->writes && i == members_at + 1) {
        o->call = OBSERVER_WRITES;
        survey_try_writes(&o->names, o->etcd, tag, OBSERVER_DETAIL_MS);
    } else {
        *round = (struct observer_round){ .wanted = false };
        o->shown.details_at_ms = clock_now_ms();
        return false;
    }
    return true;
}

/* ---- what is told ---- */

static void on_lease(struct candidate_observer *o, int64_t now_ms,
                     int64_t lease, const struct etcd_reply *reply)
{
    if (reply->type == ETCD_REPLY_LEASE && reply->lease.ttl_s > 0)
        view_lease(&o->view, lease, now_ms + reply->lease.ttl_s * 1000,
                   reply->lease.granted_ttl_s * 1000);
    else if (reply->type == ETCD_REPLY_LEASE ||
             reply->status == CANDIDATE_ENOTFOUND)
        view_lease(&o->view, lease, -1, 0);
}

static void copy(char *out, size_t out_size, struct etcd_bytes text)
{
    text_escape(out, out_size, text.data, text.size);
}

static int64_t clock_ahead_ms(const struct etcd_reply *reply)
{
    int64_t behind_s = clock_wall_ms() / 1000 - reply->date_s;
    if (behind_s >= 0 && behind_s <= CLOCK_LATE_S)
        return 0;
    return -behind_s * 1000;
}

static void on_status(struct candidate_observer *o, int64_t now_ms, size_t i,
                      const struct etcd_reply *reply)
{
    struct candidate_member *member = &o->members[i];
    struct observer_member *texts = &o->member_texts[i];
    texts->trouble[0] = '\0';
    member->duration_ms = now_ms - o->call_at_ms;
    member->clock_known = reply->date_s > 0;
    if (member->clock_known)
        member->clock_ahead_ms = clock_ahead_ms(reply);
    if (reply->type != ETCD_REPLY_STATUS) {
        size_t url = strlen(texts->endpoint);
        const char *message = reply->message;
        if (strncmp(message, texts->endpoint, url) == 0 &&
            strncmp(message + url, ": ", 2) == 0)
            message += url + 2;
        (void)snprintf(texts->trouble, sizeof texts->trouble, "%s", message);
        member->leader = 0;
        return;
    }
    member->id = reply->header.member_id;
    member->leader = reply->member.leader;
    member->raft_term = (int64_t)reply->member.raft_term;
    copy(texts->version, sizeof texts->version, reply->member.version);
    if (reply->member.errors_n > 0)
        copy(texts->trouble, sizeof texts->trouble, reply->member.errors[0]);
    else if (reply->member.leader == 0)
        (void)snprintf(texts->trouble, sizeof texts->trouble,
                       "no leader: it is without a quorum");
}

static struct candidate_member *add_member(struct candidate_observer *o,
                                           const struct etcd_member *told)
{
    struct observer_member *texts = &o->member_texts[o->members_n];
    struct candidate_member *member = &o->members[o->members_n++];
    *texts = (struct observer_member){ .trouble = "" };
    (void)snprintf(texts->trouble, sizeof texts->trouble,
                   "not asked: --endpoints does not lead there");
    *member = (struct candidate_member){
        .id = told->id,
        .endpoint = texts->endpoint,
        .name = texts->name,
        .version = texts->version,
        .trouble = texts->trouble,
    };
    copy(texts->endpoint, sizeof texts->endpoint, told->url);
    return member;
}

/* A member that did not answer is known by its URL, if that is the endpoint's.
 */
static bool is_same(const struct candidate_member *member,
                    const struct etcd_member *told)
{
    if (member->id != 0)
        return member->id == told->id;
    return strcmp(member->endpoint, told->url.data) == 0;
}

static void on_members(struct candidate_observer *o,
                       const struct etcd_reply *reply)
{
    if (reply->type != ETCD_REPLY_MEMBERS)
        return;
    for (size_t i = 0; i < reply->members.n; i++) {
        const struct etcd_member *told = &reply->members.items[i];
        bool found = false;
        for (size_t j = 0; j < o->members_n; j++) {
            if (!is_same(&o->members[j], told))
                continue;
            found = true;
            o->members[j].id = told->id;
            copy(o->member_texts[j].name, sizeof o->member_texts[j].name,
                 told->name);
        }
        if (!found && o->members_n < CANDIDATE_VIEW_MEMBERS_MAX) {
            (void)add_member(o, told);
            copy(o->member_texts[o->members_n - 1].name,
                 sizeof o->member_texts->name, told->name);
        }
    }
}

static void on_writes(struct candidate_observer *o,
                      const struct etcd_reply *reply)
{
    o->shown.writes_asked = true;
    o->writes_trouble = (struct candidate_error){ 0 };
    if (reply->type == ETCD_REPLY_FAILED)
        (void)error_set(&o->writes_trouble, reply->status, "%s",
                        reply->message);
}

void observer_told(struct candidate_observer *o, int64_t now_ms,
                   const struct etcd_reply *reply)
{
    struct observer_round *round = &o->round;
    size_t i = round->next++;
    size_t members_at = round->leases_n + etcd_endpoints_n(o->etcd);
    if (i < round->leases_n)
        on_lease(o, now_ms, round->leases[i], reply);
    else if (i < members_at)
        on_status(o, now_ms, i - round->leases_n, reply);
    else if (i == members_at)
        on_members(o, reply);
    else
        on_writes(o, reply);
}
