/* election_notice.c: what is announced, and that it is said once. */
#include "core/election_private.h"

#include <assert.h>

struct election_notice *election_notice_add(struct election_actions *out,
                                            enum election_notice_type type)
{
    assert(out->notices_n < ELECTION_NOTICES_MAX);
    struct election_notice *notice = &out->notices[out->notices_n++];
    notice->type = type;
    return notice;
}

void election_notice_turn(struct election *e, struct election_actions *out)
{
    if (!e->said_attempting)
        election_notice_add(out, ELECTION_SAY_ATTEMPTING);
    e->said_attempting = true;
}

void election_notice_attempting(struct election *e,
                                struct election_actions *out)
{
    election_notice_turn(e, out);
    e->said_leader_revision = 0;
    e->said_holder_revision = 0;
}

void election_notice_leader(struct election *e, int64_t now_ms,
                            struct election_actions *out)
{
    if (!e->leader.create_revision) {
        if (e->said_leader_revision)
            election_notice_attempting(e, out);
        return;
    }
    e->leaderless_at_ms = now_ms;
    if (e->leader.mod_revision != e->said_leader_revision) {
        if (e->leader.create_revision > e->said_leader_revision)
            election_notice_attempting(e, out);
        election_notice_add(out, ELECTION_SAY_FOLLOWING);
        e->said_attempting = false;
        e->said_leader_revision = e->leader.mod_revision;
    }
    if (!e->leader.lease &&
        e->said_for_ever_revision != e->leader.mod_revision) {
        election_notice_add(out, ELECTION_SAY_KEY_FOR_EVER);
        e->said_for_ever_revision = e->leader.mod_revision;
    }
}

bool election_notice_holder(struct election *e, int64_t now_ms,
                            struct election_actions *out)
{
    if (e->leader.create_revision || !e->holder.create_revision ||
        e->holder.create_revision == e->lock_revision ||
        e->holder.create_revision == e->said_holder_revision ||
        now_ms - e->leaderless_at_ms < ELECTION_LEADERLESS_MS)
        return false;
    election_notice_attempting(e, out);
    election_notice_add(out, ELECTION_SAY_FOREIGN);
    e->said_attempting = false;
    e->said_holder_revision = e->holder.create_revision;
    return true;
}
