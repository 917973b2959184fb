/* election.pml: the election's rule as a model for Spin.
 *
 * N candidates with commands and guardians, and an etcd with leases, a queue
 * and changes of its own leader. Requests and replies are lost, or come when
 * nobody waits for them any more; candidates die at any moment, stand still,
 * and have clocks that slip. Time is in ticks: a lease lives for TTL of them,
 * of which a candidate uses LEAD, counted from the sending of the request
 * whose reply it believes.
 *
 * There is one process, which picks any next step; so a step is a state, and
 * whoever is not picked stands still. What cannot matter any more is set to
 * zero, so that states which differ in nothing that matters are one. Of what
 * the program does these are left out, and why it may be:
 *   - JSON, endpoints: they are code, not rules;
 *   - the leader key and the order of the two deletions: who holds the oldest
 *     lock key leads, the leader key tells the others;
 *   - a GRANT that takes long: the lease is as young, the candidate's deadline
 *     earlier, so it allows less; its lost reply: nobody knows of that lease;
 *   - a late CLAIM, KEEP or BARRIER: it changes nothing that another candidate
 *     sees, but that the lease lives longer;
 *   - a candidate that starts anew while its old lease lives: it is one more
 *     candidate.
 *
 * Each -D switch, here and in etcd.pml, breaks one rule of README, "How it
 * works". With LIVE, faults end at some moment, and somebody must lead.
 * scripts/model.sh runs all.
 */
#ifndef N
#define N 2
#endif
#ifndef TTL
#define TTL 3
#endif
#ifdef NO_MARGIN
#define LEAD TTL
#else
#define LEAD (TTL - 1)
#endif
/* Faults that a run may leave out, to come to an end with more candidates. */
#ifdef EXACT_CLOCKS
#define SLIPS false
#else
#define SLIPS true
#endif
#ifdef ETCD_STAYS
#define CHANGES false
#else
#define CHANGES true
#endif
#ifdef NONE_LATE
#define LATE false
#else
#define LATE true
#endif
#define EACH i : 0 .. N - 1
#define BIT(c) (1 << c)

mtype = { NOTHING, QUEUE, CLAIM, KEEP, BARRIER, RESIGN };
mtype = { AWAY, QUEUEING, WAITING, LEADING, DROPPING, DEAD };

/* Replies. OLD is YES from a leader of etcd that is not it any more, or to a
 * commit: yes, but the renewal before it was such a one's. */
#define NONE 0
#define NO   1
#define YES  2
#define OLD  3

#include "etcd.pml"

/* ---- candidates ---- */
mtype state[N] = AWAY;
bool command[N];      /* it is at work */
byte age[N] = LEAD;   /* ticks since the last believed renewal was sent */
byte trust[N];        /* how far that one is: NONE (a grant), YES, OLD */
byte slip[N];         /* ticks until this clock may slip again */
mtype request[N] = NOTHING;
byte sent_age[N];     /* ticks since the grant or renewal was sent */
byte reply[N];

/* ---- a request that nobody waits for any more ---- */
mtype late = NOTHING;
byte late_of;

#ifdef LIVE
bool calm;            /* there are no faults any more */
byte before[N];       /* whose key is watched: the one before; 0: it is gone */
bool deaf[N];         /* that watch is lost */
#else
#define calm false
#endif

#if N > 2
#define AT_WORK (command[0] + command[1] + command[2])
#define LED     (LEADS(0) || LEADS(1) || LEADS(2))
#define ALIVE   (state[0] != DEAD || state[1] != DEAD || state[2] != DEAD)
#else
#define AT_WORK (command[0] + command[1])
#define LED     (LEADS(0) || LEADS(1))
#define ALIVE   (state[0] != DEAD || state[1] != DEAD)
#endif
#define LEADS(c) (state[c] == LEADING && command[c])

/* ---- time ---- */

#define TIMED(c) (request[c] == KEEP || request[c] == BARRIER)
#define RUNS(c) (age[c] < LEAD || TIMED(c) && sent_age[c] < LEAD)
#define OLDER(x) ((x) < LEAD -> (x) + 1 : LEAD)

/* The dead-man timer needs nobody who runs: the candidate's while it lives,
 * then the guardian's. */
#ifdef NO_GUARDIAN
#define TIMER(c) (state[c] != DEAD)
#else
#define TIMER(c) true
#endif

inline grow_older(c) {
    age[c] = OLDER(age[c]);
    sent_age[c] = (TIMED(c) -> OLDER(sent_age[c]) : 0);
    slip[c] = (slip[c] > 0 && RUNS(c) -> slip[c] - 1 : 0);
    if
    :: age[c] == LEAD && state[c] == WAITING && request[c] != CLAIM ->
        trust[c] = NONE
    :: else
    fi;
#ifndef NO_DEADLINE
    if
    :: age[c] == LEAD && command[c] && TIMER(c) -> stop(c)
    :: else
    fi
#endif
}

#define MAY_SLIP(c) (SLIPS && !calm && slip[c] == 0 && RUNS(c))

/* who is the set of those whose clocks miss this tick. */
inline tick(who) {
    for (EACH) {
        left[i] = (left[i] > 0 -> left[i] - 1 : 0);
        if
        :: who & BIT(i) -> slip[i] = TTL - 1
        :: else -> grow_older(i)
        fi
    }
    i = 0;
    printf("  time: a tick, missed by the clocks of the set %d\n", who)
}

/* ---- what a candidate does ---- */

inline send(c, type) {
    request[c] = type;
    sent_age[c] = 0;
    reply[c] = NONE
}

inline forget(c) {
    send(c, NOTHING)
}

inline become(c, what, type) {
    send(c, type);
    state[c] = what;
    trust[c] = NONE;
    knows[c] = (what == LEADING -> knows[c] : false);
#ifdef LIVE
    before[c] = 0;
    deaf[c] = false;
#endif
    if
    :: command[c]
    :: else -> age[c] = LEAD; slip[c] = 0
    fi
}

#ifdef REVOKE_FIRST
#define MAY_RELEASE(c) true
#else
#define MAY_RELEASE(c) (!command[c])
#endif

/* Who holds nothing for which a command works gives it back at once. */
inline drop(c) {
    if
    :: MAY_RELEASE(c) -> become(c, DROPPING, RESIGN)
    :: else -> become(c, DROPPING, NOTHING)
    fi
}

inline stop(c) {
    command[c] = false;
    age[c] = LEAD;
    slip[c] = 0;
    request[c] = (state[c] == DROPPING -> RESIGN : request[c])
}

/* With a lease, and soon a key, that no candidacy had before. */
inline begin(c) {
    granted[c] = true;
    left[c] = TTL;
    age[c] = 0;
    state[c] = QUEUEING;
    send(c, QUEUE)
}

inline lose(c) {
    forget(c);
    trust[c] = (state[c] == WAITING && age[c] < LEAD -> trust[c] : NONE)
}

/* It is sent again, and the first one arrives at some later moment. */
inline come_late(c) {
    late = request[c];
    late_of = c
}

#ifdef FROM_RECEIPT
#define SENT_AGE(c) 0
#else
#define SENT_AGE(c) sent_age[c]
#endif

inline renewed(c) {
    if
    :: state[c] == WAITING ->
        age[c] = SENT_AGE(c);
        trust[c] = (age[c] < LEAD -> reply[c] : NONE);
        forget(c)
#ifdef NO_BRACKET
    :: else -> age[c] = SENT_AGE(c); forget(c)
#else
    :: else ->
        trust[c] = reply[c];
        request[c] = BARRIER; /* its age is the renewal's */
        reply[c] = NONE
#endif
    fi
}

inline won(c) {
    if
    :: reply[c] == YES && age[c] < LEAD ->
        command[c] = true;
        become(c, LEADING, NOTHING);
#ifdef ORDER
        assert(ahead[c] == 0); /* first come, first served */
#endif
        assert(AT_WORK <= 1)
    :: else -> age[c] = LEAD; trust[c] = NONE; forget(c) /* renews first */
    fi
}

inline confirmed(c) {
    if
    :: age[c] == LEAD -> drop(c)
    :: else ->
        age[c] = (reply[c] == YES && SENT_AGE(c) < age[c] -> SENT_AGE(c)
                                                          : age[c]);
        trust[c] = NONE;
        forget(c)
    fi
}

inline take_reply(c) {
#ifdef LIVE
    deaf[c] = (request[c] == CLAIM -> false : deaf[c]); /* it looked */
#endif
    if
    :: request[c] == RESIGN -> become(c, AWAY, NOTHING)
    :: reply[c] == NO && request[c] == CLAIM && queued[c] ->
        forget(c);
        watch(c)
    :: reply[c] == NO && !(request[c] == CLAIM && queued[c]) -> drop(c)
    :: reply[c] != NO && request[c] == QUEUE ->
        state[c] = WAITING;
        forget(c);
        watch(c)
    :: reply[c] != NO && request[c] == KEEP -> renewed(c)
    :: reply[c] != NO && request[c] == CLAIM -> won(c)
    :: reply[c] != NO && request[c] == BARRIER -> confirmed(c)
    fi
}

/* A reply that tarries is as one whose reader stands still after it, but for
 * these: what came of them is not so true later. */
#define TARRIES(c) ((request[c] == KEEP || request[c] == CLAIM) && \
                    reply[c] != NO)

inline answer(c) {
    handle(c);
    if
    :: TARRIES(c)
    :: else -> take_reply(c)
    fi
}

/* A waiter may look at any moment whether it is its turn, which covers every
 * order in which a watch can tell it. With LIVE it looks when the watch has
 * told it, and when the watch is lost. */
#ifdef LIVE
#ifdef NO_REREAD
#define LOOKS(c) (before[c] == 0 && !deaf[c])
#else
#define LOOKS(c) (before[c] == 0 || deaf[c])
#endif
#else
#define LOOKS(c) true
#endif
#define IDLE(c) (request[c] == NOTHING)

#define SAY(c, what) printf(what, c) /* %d: the candidate */

#define CANDIDATE(c) \
    :: d_step { !IDLE(c) && reply[c] == NONE -> \
        SAY(c, "  %d: etcd has the request\n"); answer(c) } \
    :: d_step { request[c] == KEEP && reply[c] == NONE && knows[c] -> \
        reply[c] = OLD; SAY(c, "  %d: a deposed leader of etcd renews\n") } \
    :: d_step { granted[c] && left[c] == 0 -> \
        SAY(c, "  %d: etcd revokes the lease\n"); remove(c) } \
    :: d_step { reply[c] != NONE -> \
        SAY(c, "  %d: has the reply\n"); take_reply(c) } \
    :: d_step { !calm && (TIMED(c) || request[c] == CLAIM) -> \
        SAY(c, "  %d: waits for the reply no longer\n"); lose(c) } \
    :: d_step { LATE && !calm && granted[c] && \
        (request[c] == QUEUE || request[c] == RESIGN) -> \
        SAY(c, "  %d: sends again what will be late\n"); come_late(c) } \
    :: d_step { state[c] == AWAY -> \
        SAY(c, "  %d: is granted a lease\n"); begin(c) } \
    :: d_step { state[c] == WAITING && IDLE(c) && age[c] < LEAD && LOOKS(c) -> \
        SAY(c, "  %d: sends CLAIM\n"); send(c, CLAIM) } \
    :: d_step { (state[c] == WAITING || state[c] == LEADING) && IDLE(c) && \
        age[c] > 0 -> SAY(c, "  %d: sends KEEP\n"); send(c, KEEP) } \
    :: d_step { state[c] == LEADING && IDLE(c) && age[c] == LEAD -> \
        SAY(c, "  %d: is past its deadline\n"); drop(c) } \
    :: d_step { !calm && (state[c] == LEADING || state[c] == WAITING) -> \
        SAY(c, "  %d: gives up\n"); drop(c) } \
    :: d_step { state[c] == DROPPING && command[c] -> \
        SAY(c, "  %d: kills its command\n"); stop(c) } \
    :: d_step { !calm && state[c] != DEAD -> \
        SAY(c, "  %d: dies\n"); become(c, DEAD, NOTHING) } \
    GUARDIAN(c) WATCH(c)

/* It kills the command of a candidate that has died, and then tells etcd. It
 * may be killed too, or be late: then the kernel's timer does the first, and
 * the end of the lease the second. */
#ifdef NO_GUARDIAN
#define KILL(c)
#else
#define KILL(c) \
    :: d_step { !calm && state[c] == DEAD && command[c] -> \
        stop(c); SAY(c, "  %d: the guardian kills its command\n") }
#endif
#define GUARDIAN(c) KILL(c) \
    :: d_step { !calm && state[c] == DEAD && granted[c] && MAY_RELEASE(c) -> \
        remove(c); SAY(c, "  %d: the guardian revokes the lease\n") } \
    :: d_step { !calm && state[c] == DEAD && !granted[c] && !command[c] -> \
        become(c, AWAY, NOTHING); SAY(c, "  %d: is started anew\n") }

#ifdef LIVE
#define WATCH(c) \
    :: d_step { !calm && state[c] == WAITING && !deaf[c] -> \
        deaf[c] = true; SAY(c, "  %d: loses its watch\n") }
#else
#define WATCH(c)
#endif

active proctype world() {
    byte i, who;
    do
    CANDIDATE(0)
    CANDIDATE(1)
#if N > 2
    CANDIDATE(2)
#endif
    :: d_step { late != NOTHING -> handle_late(); printf("  a late request\n") }
    :: d_step { CHANGES && !calm && !deposed ->
        change_leader(); printf("  etcd has another leader\n") }
    :: d_step { !calm && deposed ->
        end_deposed(); printf("  the deposed leader knows it\n") }
    :: d_step { !calm -> tick(0) }
    :: d_step { MAY_SLIP(0) -> tick(1) }
    :: d_step { MAY_SLIP(1) -> tick(2) }
    :: d_step { MAY_SLIP(0) && MAY_SLIP(1) -> tick(3) }
#if N > 2
    :: d_step { MAY_SLIP(2) -> tick(4) } /* more of them at other ticks */
#endif
#ifdef LIVE
    :: d_step { !calm && ALIVE ->
        calm = true; end_deposed(); printf("  no more faults\n") }
    :: d_step { else -> tick(0) } /* time goes on when nobody is in a hurry */
#endif
    od
}

#ifdef LIVE
ltl leads_again { [] (calm -> <> LED) }
#endif
