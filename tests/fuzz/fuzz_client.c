/* fuzz_client.c: a whole candidate and a server that the input plays.
 *
 * The input is a script: answers as etcd gives them, any status with any body,
 * any bytes; events on the stream of watches; connections cut; time that
 * passes; resignation. Whatever comes, the candidate believes to lead only
 * after a claim of this candidacy was answered, and not beyond what an answered
 * and confirmed renewal gives: reckoned from when it was received, which is
 * later than it was sent.
 */
#include <stdbool.h>
#include <string.h>

#include "candidate.h"
#include "fuzz/fuzz.h"
#include "fuzz/puppet.h"
#include "fuzz/script.h"
#include "sys/clock.h"
#include "sys/text.h"

enum {
    STEPS_MAX = 80,
    TURNS = 4,
};

enum step {
    ANSWER,
    ANSWER_TEXT,
    SEND_BYTES,
    TELL_EVENT,
    TELL_TEXT,
    HANG_UP,
    TIME,
    ASK,
    STEPS_N
};

struct play {
    struct script script;
    struct puppet etcd;
    struct candidate *candidate;
    bool elected, ended; /* as its events say */
};

/* ---- what must never be ---- */

static void check_state(const struct play *p)
{
    bool leading = candidate_leading(p->candidate);
    int64_t until_ms = candidate_lead_until_ms(p->candidate);
    CHECK(leading == (until_ms != 0));
    CHECK(!leading || p->etcd.won);
    CHECK(!leading || until_ms <= p->etcd.until_max_ms);
    CHECK(!leading || clock_now_ms() < until_ms);
    CHECK(!leading || !p->ended);
    CHECK(candidate_confirmed_at_ms(p->candidate) <= clock_now_ms());
}

static void check_event(struct play *p, const struct candidate_event *event)
{
    CHECK(!p->ended);
    CHECK(text_is_clean(event->text, strlen(event->text)));
    CHECK(!event->leader ||
          text_is_clean(event->leader, strlen(event->leader)));
    switch (event->type) {
    case CANDIDATE_ELECTED:
        CHECK(p->etcd.won && !p->elected && event->token > 0 &&
              event->lease > 0);
        p->elected = true;
        break;
    case CANDIDATE_LOST:
        CHECK(p->elected);
        p->elected = false;
        break;
    case CANDIDATE_ASKED:
        CHECK(p->elected);
        break;
    case CANDIDATE_ENDED:
        p->ended = true;
        break;
    case CANDIDATE_ATTEMPTING:
    case CANDIDATE_FOLLOWING:
    case CANDIDATE_NOTICE:
        break;
    }
}

/* ---- the play ---- */

/* Returns false when there was no memory to go on. */
static bool turn(struct play *p)
{
    struct pollfd fds[GATEWAY_FDS];
    struct candidate_event event;
    gateway_fds(&p->etcd.gateway, fds);
    int r = candidate_poll(p->candidate, fds, GATEWAY_FDS, 0);
    if (r == CANDIDATE_ENOMEM && script_lost_memory())
        return false;
    CHECK(r >= 0);
    puppet_serve(&p->etcd, fds);
    while (candidate_next(p->candidate, &event))
        check_event(p, &event);
    check_state(p);
    return true;
}

static void ask(struct play *p, uint8_t number)
{
    switch (number % 4) {
    case 0:
        candidate_resign(p->candidate);
        CHECK(!candidate_leading(p->candidate));
        break;
    case 1:
        candidate_yield(p->candidate);
        CHECK(!candidate_leading(p->candidate));
        break;
    default:
        candidate_hold(p->candidate, number % 4 == 2);
        break;
    }
}

static void play_step(struct play *p, enum step step)
{
    uint8_t number = script_byte(&p->script);
    switch (step) {
    case ANSWER:
        puppet_answer(&p->etcd, number);
        break;
    case ANSWER_TEXT:
        puppet_answer_text(&p->etcd, number);
        break;
    case SEND_BYTES:
        puppet_send_bytes(&p->etcd, number);
        break;
    case TELL_EVENT:
        puppet_tell_event(&p->etcd, number);
        break;
    case TELL_TEXT:
        puppet_tell_text(&p->etcd, number);
        break;
    case HANG_UP:
        puppet_hang_up(&p->etcd, number);
        break;
    case TIME:
        script_pass_time(number * INT64_C(20));
        break;
    case ASK:
        ask(p, number);
        break;
    case STEPS_N:
        break;
    }
}

static void play_all(struct play *p)
{
    bool goes_on = true;
    for (int step = -1; goes_on && step < STEPS_MAX; step++) {
        if (step >= 0)
            play_step(p, (enum step)(script_byte(&p->script) % STEPS_N));
        for (int i = 0; goes_on && i < TURNS; i++)
            goes_on = turn(p);
        goes_on = goes_on && p->script.size > 0;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    struct play *p = &play;
    struct candidate_config config;
    memset(p, 0, sizeof *p);
    script_begin(&p->script, data, size);
    puppet_open(&p->etcd, &p->script);
    candidate_config_init(&config);
    config.id = "A";
    config.endpoints = p->etcd.gateway.url;
    config.ttl_s = PUPPET_TTL_S;
    config.priority = 1;
    config.trace = true;
    struct candidate_error err = { .message = "" };
    int r = candidate_new(&p->candidate, &config, &err);
    CHECK(r == 0 || (script_lost_memory() && r == err.code && err.message[0]));
    if (r == 0)
        play_all(p);
    puppet_close(&p->etcd);
    candidate_free(p->candidate);
    return 0;
}
