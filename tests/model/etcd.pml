/* etcd.pml: what etcd does in election.pml with leases, keys and requests, and
 * what a change of its leader means to them.
 */

/* As its present leader sees it. */
bool deposed;    /* the leader before it still answers renewals */
bool knows[N];   /* that one believes: the lease exists */
bool granted[N]; /* the lease exists */
byte left[N];    /* ticks until it may be revoked */
bool queued[N];  /* the lock key exists */
byte ahead[N];   /* whose lock keys are older: a set of BIT() */

/* A waiter is woken by the lock key directly before its own, and by no other;
 * the leader key tells it whom to follow. */
#ifdef LIVE
#define TELL(c, of) before[c] = before[c] & ~BIT(of)
#define NEXT_BEFORE(c, who) ((ahead[c] & BIT(who)) && \
                             (ahead[c] & ~BIT(who) & ~ahead[who]) == 0)
inline watch(c) {
    for (EACH) {
        before[c] = (NEXT_BEFORE(c, i) -> BIT(i) : before[c])
    }
    i = 0
}
#else
#define TELL(c, of)
#define watch(c)
#endif

inline dequeue(c) {
    queued[c] = false;
    ahead[c] = 0;
    for (EACH) {
        ahead[i] = ahead[i] & ~BIT(c);
        TELL(i, c)
    }
    i = 0
}

/* A late request names its own candidacy's lease and key. When they are gone
 * it changes nothing any more. */
#ifdef KEY_REUSED
#define PASSES(c) false
#else
#define PASSES(c) (late_of == c)
#endif

inline forget_late() {
    late = NOTHING;
    late_of = 0
}

inline remove(c) {
    dequeue(c);
    granted[c] = false;
    left[c] = 0;
    if
    :: PASSES(c) -> forget_late()
    :: else
    fi
}

inline enqueue(c) {
    for (EACH) {
        ahead[c] = ahead[c] | (queued[i] -> BIT(i) : 0)
    }
    i = 0;
    queued[c] = true;
    if
    :: late == QUEUE && late_of == c -> forget_late() /* it is done */
    :: else
    fi
}

#ifdef CLAIM_UNGUARDED
#define MAY_CLAIM(c) queued[c]
#else
#define MAY_CLAIM(c) (queued[c] && ahead[c] == 0)
#endif

/* What a commit says of the renewal before it. */
#define CONFIRM(c) (trust[c] == OLD -> OLD : YES)

/* The present leader takes a request; CLAIM and BARRIER only compare. */
inline handle(c) {
    if
    :: request[c] == QUEUE && granted[c] ->
        if
        :: queued[c]
        :: else -> enqueue(c)
        fi;
        reply[c] = YES
    :: request[c] == CLAIM && MAY_CLAIM(c) -> reply[c] = CONFIRM(c)
    :: request[c] == KEEP && granted[c] && left[c] > 0 ->
        left[c] = TTL;
        reply[c] = YES
    :: request[c] == BARRIER && queued[c] -> reply[c] = CONFIRM(c)
    :: request[c] == RESIGN -> remove(c); reply[c] = YES
    :: else -> reply[c] = NO
    fi
}

inline handle_late() {
    who = late_of;
    if
    :: late == QUEUE && granted[who] && !queued[who] -> enqueue(who)
    :: late == RESIGN -> remove(who)
    :: else
    fi;
    forget_late();
    who = 0
}

/* A new leader gives every lease its whole time. What was confirmed before is
 * an older term's from now on. */
inline change_leader() {
    deposed = true;
    for (EACH) {
        knows[i] = granted[i];
        left[i] = (granted[i] -> TTL : 0);
        trust[i] = (trust[i] == YES -> OLD : trust[i]);
        reply[i] = (request[i] == KEEP && reply[i] == YES -> OLD : reply[i])
    }
    i = 0
}

inline end_deposed() {
    deposed = false;
    for (EACH) {
        knows[i] = false
    }
    i = 0
}
