/* oneshot.c: see oneshot.h. */
#include "lib/oneshot.h"

#include "lib/config.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/seed.h"

enum {
    TRY_MS_MIN = 250,  /* a login and a commit on a busy machine */
    TRY_MS_MAX = 1500, /* as the election's own (R6) */
    PAUSE_MS_MIN = 20,
    PAUSE_MS_MAX = 500,
};

/* So long that each endpoint has its turn, and one more. */
static int64_t try_time_ms(const struct oneshot *o, int64_t timeout_ms)
{
    int64_t ms = timeout_ms / (etcd_endpoints_n(o->etcd) + 1);
    if (ms > TRY_MS_MAX)
        return TRY_MS_MAX;
    return ms < TRY_MS_MIN ? TRY_MS_MIN : ms;
}

int oneshot_open(struct oneshot *o, const struct candidate_config *config,
                 int64_t timeout_ms, struct candidate_error *err)
{
    if (timeout_ms < 1 || timeout_ms > CANDIDATE_TIMEOUT_MS_MAX)
        return error_set(err, CANDIDATE_EINVAL,
                         "timeout: %lld ms is not from 1 to %d ms",
                         (long long)timeout_ms, CANDIDATE_TIMEOUT_MS_MAX);
    *o = (struct oneshot){ .ends_at_ms = clock_now_ms() + timeout_ms };
    int r = config_check_access(config, err);
    if (r < 0)
        return r;
    r = seed_draw(&o->random_state, err);
    if (r < 0)
        return r;
    struct etcd_config etcd = config_etcd(config);
    r = etcd_new(&o->etcd, &etcd, err);
    if (r < 0)
        return r;
    o->try_ms = try_time_ms(o, timeout_ms);
    backoff_init(&o->backoff, PAUSE_MS_MIN, PAUSE_MS_MAX);
    return 0;
}

void oneshot_close(struct oneshot *o)
{
    etcd_free(o->etcd);
    o->etcd = NULL;
}

static int64_t rest_ms(const struct oneshot *o)
{
    int64_t ms = o->ends_at_ms - clock_now_ms();
    return ms > 0 ? ms : 0;
}

/* Returns 0 or what etcd_poll() failed with. */
static int pause_for(struct oneshot *o, int64_t ms)
{
    int64_t ends_at_ms = clock_now_ms() + ms;
    if (ends_at_ms > o->ends_at_ms)
        ends_at_ms = o->ends_at_ms;
    int r = 0;
    for (int64_t left = ms; r >= 0 && left > 0;
         left = ends_at_ms - clock_now_ms())
        r = etcd_poll(o->etcd, NULL, 0, (int)left);
    return r < 0 ? r : 0;
}

/* One try. Returns 0, or what etcd_poll() failed with. */
static int try_once(struct oneshot *o, oneshot_begin *begin, const void *what,
                    struct etcd_reply *ret_reply)
{
    int64_t ms = rest_ms(o) < o->try_ms ? rest_ms(o) : o->try_ms;
    begin(o->etcd, ++o->tag, ms, what);
    while (!etcd_next(o->etcd, ret_reply)) {
        int r = etcd_poll(o->etcd, NULL, 0, TRY_MS_MAX);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Returns whether another try may have another outcome. */
static bool note_failure(struct oneshot *o, int status)
{
    o->failures_n++;
    switch (status) {
    case CANDIDATE_ERETRY:
    case CANDIDATE_EPROTO:
        o->unanswered = true;
        return true;
    case CANDIDATE_EDENIED: /* by one that knows better than the others? */
        return ++o->denials_n < etcd_endpoints_n(o->etcd);
    default: /* what else etcd.h names is an answer */
        return false;
    }
}

int oneshot_call(struct oneshot *o, oneshot_begin *begin, const void *what,
                 struct etcd_reply *ret_reply, struct candidate_error *err)
{
    int r;
    struct etcd_reply reply;
    o->unanswered = false;
    o->denials_n = 0;
    backoff_reset(&o->backoff);
    do {
        r = try_once(o, begin, what, &reply);
        if (r < 0)
            return error_set(err, r, "%s", candidate_strerror(r));
        if (reply.type != ETCD_REPLY_FAILED) {
            *ret_reply = reply;
            return 0;
        }
        r = error_set(err, reply.status, "%s", reply.message);
        if (!note_failure(o, r))
            return r;
        int pause = 0;
        if (o->failures_n % etcd_endpoints_n(o->etcd) == 0)
            pause = pause_for(o, backoff_next(&o->backoff, &o->random_state));
        if (pause < 0)
            return error_set(err, pause, "%s", candidate_strerror(pause));
    } while (rest_ms(o) > 0);
    if (err)
        err->code = CANDIDATE_ERETRY;
    return CANDIDATE_ERETRY;
}
