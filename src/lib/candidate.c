/* candidate.c: the public interface. */
#include "candidate.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/config.h"
#include "lib/driver.h"
#include "sys/clock.h"
#include "sys/error.h"
#include "sys/seed.h"

struct candidate {
    struct driver driver;
};

const char *candidate_version(void)
{
    return CANDIDATE_VERSION;
}

static int init_election(struct candidate *c,
                         const struct candidate_config *config,
                         struct candidate_error *err)
{
    struct election_config core;
    election_config_init(&core);
    core.ttl_ms = (int64_t)config->ttl_s * 1000;
    core.endpoints_n = etcd_endpoints_n(c->driver.etcd);
    int r = seed_draw(&core.random_state, err);
    if (r < 0)
        return r;
    priority_init(&c->driver.priority, config->priority,
                  &c->driver.requests.keys, &c->driver.lock,
                  ~core.random_state);
    c->driver.announcer.asked_ttl_ms = core.ttl_ms;
    election_init(&c->driver.election, &core);
    return 0;
}

int candidate_new(struct candidate **ret_c,
                  const struct candidate_config *config,
                  struct candidate_error *err)
{
    int r = config_check(config, err);
    if (r < 0)
        return r;
    struct candidate *c = calloc(1, sizeof *c);
    if (!c)
        return error_set(err, CANDIDATE_ENOMEM, "out of memory");
    lock_init(&c->driver.lock, config->election, config->id);
    request_keys_init(&c->driver.requests.keys, config->election);
    c->driver.announcer.lock = &c->driver.lock;
    c->driver.trace = config->trace;
    struct etcd_config etcd = config_etcd(config);
    r = etcd_new(&c->driver.etcd, &etcd, err);
    if (r == 0)
        r = init_election(c, config, err);
    if (r < 0) {
        candidate_free(c);
        return r;
    }
    if (config->insecure_skip_tls_verify)
        (void)snprintf(announce_notice(&c->driver.announcer, clock_now_ms(),
                                       CANDIDATE_WARNING),
                       EVENTS_TEXT_BYTES_MAX,
                       "the servers' certificates are not verified: anybody"
                       " can pose as etcd (insecure-skip-tls-verify)");
    *ret_c = c;
    return 0;
}

void candidate_free(struct candidate *c)
{
    if (!c)
        return;
    etcd_free(c->driver.etcd);
    free(c);
}

/* Until the core wants to be woken, but not beyond the caller's limit. */
static int wait_ms(const struct candidate *c, int timeout_ms)
{
    if (c->driver.announcer.events.n > 0)
        return 0;
    int64_t wait = election_deadline(&c->driver.election);
    int64_t priority = priority_deadline(&c->driver.priority);
    if (priority < wait && !etcd_busy(c->driver.etcd))
        wait = priority;
    if (wait == INT64_MAX)
        return timeout_ms;
    wait -= clock_now_ms();
    if (wait < 0)
        wait = 0;
    if (timeout_ms >= 0 && wait > timeout_ms)
        wait = timeout_ms;
    return wait > INT_MAX ? INT_MAX : (int)wait;
}

int candidate_poll(struct candidate *c, struct pollfd *fds, unsigned nfds,
                   int timeout_ms)
{
    driver_work(&c->driver);
    int r = etcd_poll(c->driver.etcd, fds, nfds, wait_ms(c, timeout_ms));
    if (r >= 0)
        driver_work(&c->driver);
    return r;
}

bool candidate_next(struct candidate *c, struct candidate_event *ret_event)
{
    return events_next(&c->driver.announcer.events, ret_event);
}

void candidate_resign(struct candidate *c)
{
    driver_resign(&c->driver);
}

void candidate_hold(struct candidate *c, bool held)
{
    election_hold(&c->driver.election, held);
}

void candidate_yield(struct candidate *c)
{
    driver_yield(&c->driver);
}

bool candidate_leading(const struct candidate *c)
{
    return election_leading(&c->driver.election, clock_now_ms());
}

int64_t candidate_confirmed_at_ms(const struct candidate *c)
{
    return election_confirmed_at_ms(&c->driver.election, clock_now_ms());
}

int candidate_place(const struct candidate *c)
{
    return place_now(&c->driver.place, &c->driver.election, clock_now_ms());
}

int64_t candidate_lease_id(const struct candidate *c)
{
    return c->driver.election.lease.id;
}

int64_t candidate_lead_until_ms(const struct candidate *c)
{
    return candidate_leading(c) ? c->driver.election.lease.lead_until_ms : 0;
}

void candidate_stats(const struct candidate *c,
                     struct candidate_stats *ret_stats)
{
    *ret_stats = c->driver.stats.counted;
}

bool candidate_endpoint(const struct candidate *c, unsigned number,
                        struct candidate_endpoint *ret_endpoint)
{
    if (number >= etcd_endpoints_n(c->driver.etcd))
        return false;
    *ret_endpoint = (struct candidate_endpoint){
        .url = etcd_endpoint(c->driver.etcd, number),
        .answers = c->driver.stats.endpoints[number].answers,
        .errors = c->driver.stats.endpoints[number].errors,
    };
    return true;
}
