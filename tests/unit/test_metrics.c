/* test_metrics.c: what is counted, and the text that Prometheus reads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "serve/metrics.h"

enum { TEXT_BYTES = 65536 };

static char text[TEXT_BYTES];

static void tell(struct metrics *m, enum candidate_event_type type,
                 int64_t at_ms)
{
    metrics_event(m, &(struct candidate_event){ .type = type, .at_ms = at_ms });
}

static void renew(struct metrics *m, uint64_t renewals, int64_t renewal_ms)
{
    metrics_stats(m,
                  &(struct candidate_stats){ .renewals = renewals,
                                             .renewal_ms = renewal_ms });
}

static const char *render(const struct metrics *m)
{
    static const struct candidate_stats stats = { .renewal_late_ms_max = 12 };
    static const struct candidate_endpoint endpoints[] = {
        { "http://127.0.0.1:2379", 41, 2 }, { "http://[::1]:2379", 0, 7 }
    };
    size_t bytes = metrics_render(m,
                                  &(struct metrics_now){
                                      .election = "/svc/\"d\\b\"",
                                      .lead_ms = 8042,
                                      .token = 17,
                                      .in_touch = true,
                                      .stats = &stats,
                                      .endpoints = endpoints,
                                      .endpoints_n = 2,
                                  },
                                  text, sizeof text);
    assert_int_equal(bytes, strlen(text));
    return text;
}

static void has(const char *line)
{
    if (!strstr(text, line))
        fail_msg("no %s in:\n%s", line, text);
}

/* Without the lines that explain it. */
static void whole_text(void **state)
{
    (void)state;
    struct metrics m;
    metrics_init(&m);
    tell(&m, CANDIDATE_ATTEMPTING, 1000);
    tell(&m, CANDIDATE_FOLLOWING, 1010);
    tell(&m, CANDIDATE_ATTEMPTING, 5000);
    tell(&m, CANDIDATE_ELECTED, 5123);
    renew(&m, 1, 3);
    renew(&m, 1, 3); /* the same one */
    renew(&m, 2, 1500);
    renew(&m, 3, 1501);
    static char samples[TEXT_BYTES];
    char *to = samples;
    for (const char *line = render(&m); *line;) {
        size_t bytes = strcspn(line, "\n") + 1;
        if (line[0] != '#') {
            memcpy(to, line, bytes);
            to += bytes;
        }
        line += bytes;
    }
    *to = '\0';
#define NAME "{name=\"/svc/\\\"d\\\\b\\\"\""
#define BUCKET "candidate_renewal_duration_seconds_bucket" NAME ",le="
    assert_string_equal(
        samples,
        "leader_election_master_status" NAME "} 1\n"
        "candidate_in_touch" NAME "} 1\n"
        "candidate_elected_total" NAME "} 1\n"
        "candidate_lost_total" NAME "} 0\n"
        "candidate_transitions_total" NAME "} 1\n"
        "candidate_fencing_token" NAME "} 17\n"
        "candidate_lease_margin_seconds" NAME "} 8.042\n"
        "candidate_last_failover_gap_seconds" NAME "} 0.123\n" BUCKET
        "\"0.001\"} 0\n" BUCKET "\"0.002\"} 0\n" BUCKET "\"0.005\"} 1\n" BUCKET
        "\"0.01\"} 1\n" BUCKET "\"0.025\"} 1\n" BUCKET "\"0.05\"} 1\n" BUCKET
        "\"0.1\"} 1\n" BUCKET "\"0.25\"} 1\n" BUCKET "\"0.5\"} 1\n" BUCKET
        "\"1.5\"} 2\n" BUCKET "\"+Inf\"} 3\n"
        "candidate_renewal_duration_seconds_sum" NAME "} 3.004\n"
        "candidate_renewal_duration_seconds_count" NAME "} 3\n"
        "candidate_renewal_lateness_max_seconds" NAME "} 0.012\n"
        "candidate_endpoint_answers_total" NAME
        ",endpoint=\"http://127.0.0.1:2379\"} 41\n"
        "candidate_endpoint_answers_total" NAME
        ",endpoint=\"http://[::1]:2379\"} 0\n"
        "candidate_endpoint_errors_total" NAME
        ",endpoint=\"http://127.0.0.1:2379\"} 2\n"
        "candidate_endpoint_errors_total" NAME
        ",endpoint=\"http://[::1]:2379\"} 7\n"
        "candidate_build_info" NAME ",version=\"" CANDIDATE_VERSION "\"} 1\n");
}

static void first_leader_is_no_transition_and_no_failover(void **state)
{
    (void)state;
    struct metrics m;
    metrics_init(&m);
    tell(&m, CANDIDATE_ATTEMPTING, 1000);
    tell(&m, CANDIDATE_ELECTED, 1010);
    render(&m);
    has("\ncandidate_transitions_total" NAME "} 0\n");
    assert_null(strstr(text, "failover_gap"));
}

static void gap_begins_with_the_loss(void **state)
{
    (void)state;
    struct metrics m;
    metrics_init(&m);
    tell(&m, CANDIDATE_ELECTED, 1000);
    tell(&m, CANDIDATE_LOST, 2000);
    tell(&m, CANDIDATE_ATTEMPTING, 2010);
    tell(&m, CANDIDATE_FOLLOWING, 3500);
    render(&m);
    has("\ncandidate_lost_total" NAME "} 1\n");
    has("\ncandidate_last_failover_gap_seconds" NAME "} 1.500\n");
}

static void text_that_does_not_fit_is_none(void **state)
{
    (void)state;
    struct metrics m;
    metrics_init(&m);
    size_t bytes = strlen(render(&m));
    const struct candidate_stats stats = { 0 };
    struct metrics_now now = { .election = "x", .stats = &stats };
    char *small = text;
    assert_int_equal(metrics_render(&m, &now, small, 1000), 0);
    assert_true(metrics_render(&m, &now, small, bytes) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_text),
        cmocka_unit_test(first_leader_is_no_transition_and_no_failover),
        cmocka_unit_test(gap_begins_with_the_loss),
        cmocka_unit_test(text_that_does_not_fit_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
