/* metrics.c: see metrics.h. */
#include "serve/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Upper bounds of the renewals' durations; a try ends after 1500 ms. */
static const int bounds_ms[METRICS_BUCKETS_N] = { 1,  2,   5,   10,  25,
                                                  50, 100, 250, 500, 1500 };

void metrics_init(struct metrics *m)
{
    *m = (struct metrics){ .gap_ms = -1 };
}

static void see_nobody(struct metrics *m, int64_t at_ms)
{
    if (m->leader_known && m->leaderless_at_ms == 0)
        m->leaderless_at_ms = at_ms;
}

static void see_leader(struct metrics *m, int64_t at_ms)
{
    m->transitions_n += m->leader_known;
    if (m->leaderless_at_ms != 0)
        m->gap_ms = at_ms - m->leaderless_at_ms;
    m->leader_known = true;
    m->leaderless_at_ms = 0;
}

void metrics_event(struct metrics *m, const struct candidate_event *event)
{
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
        see_nobody(m, event->at_ms);
        return;
    case CANDIDATE_LOST:
        m->lost_n++;
        see_nobody(m, event->at_ms);
        return;
    case CANDIDATE_ELECTED:
        m->elected_n++;
        see_leader(m, event->at_ms);
        return;
    case CANDIDATE_FOLLOWING:
        see_leader(m, event->at_ms);
        return;
    case CANDIDATE_ENDED:
    case CANDIDATE_ASKED:
    case CANDIDATE_NOTICE:
        return;
    }
}

/* Renewals are far enough apart for each to be seen. */
void metrics_stats(struct metrics *m, const struct candidate_stats *stats)
{
    if (stats->renewals == m->renewals)
        return;
    m->renewals = stats->renewals;
    size_t i = 0;
    while (i < METRICS_BUCKETS_N && stats->renewal_ms > bounds_ms[i])
        i++;
    m->buckets[i]++;
    m->observed_n++;
    m->observed_ms += stats->renewal_ms;
}

/* ---- the text ---- */

struct page {
    char *text;
    size_t bytes, bytes_max;
    char name[METRICS_LABEL_BYTES_MAX]; /* the label that all have */
};

static void add(struct page *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* After something that did not fit, nothing does. */
static void add(struct page *p, const char *format, ...)
{
    size_t room = p->bytes_max - p->bytes;
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(p->text + p->bytes, room, format, args);
    va_end(args);
    p->bytes += bytes < 0 || (size_t)bytes >= room ? room : (size_t)bytes;
}

/* A label, with what must be escaped in its value: it is clean, so there is no
 * line end in it. */
static void label(char *out, size_t out_bytes, const char *name,
                  const char *value)
{
    size_t used = (size_t)snprintf(out, out_bytes, "%s=\"", name);
    assert(used + 2 * strlen(value) + 2 <= out_bytes);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            out[used++] = '\\';
        out[used++] = *value;
    }
    out[used++] = '"';
    out[used] = '\0';
}

static void head(struct page *p, const char *metric, const char *type,
                 const char *help)
{
    add(p, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

static void number(struct page *p, const char *metric, const char *type,
                   const char *help, int64_t value)
{
    head(p, metric, type, help);
    add(p, "%s{%s} %" PRId64 "\n", metric, p->name, value);
}

static void seconds(struct page *p, const char *metric, const char *help,
                    int64_t value_ms)
{
    head(p, metric, "gauge", help);
    add(p, "%s{%s} %" PRId64 ".%03d\n", metric, p->name, value_ms / 1000,
        (int)(value_ms % 1000));
}

static void histogram(struct page *p, const struct metrics *m)
{
    static const char metric[] = "candidate_renewal_duration_seconds";
    uint64_t n = 0;
    head(p, metric, "histogram",
         "Time from sending a renewal of the lease until etcd confirmed it.");
    for (size_t i = 0; i < METRICS_BUCKETS_N; i++) {
        n += m->buckets[i];
        add(p, "%s_bucket{%s,le=\"%g\"} %" PRIu64 "\n", metric, p->name,
            bounds_ms[i] / 1000.0, n);
    }
    add(p, "%s_bucket{%s,le=\"+Inf\"} %" PRIu64 "\n", metric, p->name,
        m->observed_n);
    add(p, "%s_sum{%s} %" PRId64 ".%03d\n", metric, p->name,
        m->observed_ms / 1000, (int)(m->observed_ms % 1000));
    add(p, "%s_count{%s} %" PRIu64 "\n", metric, p->name, m->observed_n);
}

static void endpoints(struct page *p, const struct metrics_now *now)
{
    static const char answers[] = "candidate_endpoint_answers_total";
    static const char errors[] = "candidate_endpoint_errors_total";
    char url[METRICS_LABEL_BYTES_MAX];
    head(p, answers, "counter", "Answers of each endpoint of etcd.");
    for (unsigned i = 0; i < now->endpoints_n; i++) {
        label(url, sizeof url, "endpoint", now->endpoints[i].url);
        add(p, "%s{%s,%s} %" PRIu64 "\n", answers, p->name, url,
            now->endpoints[i].answers);
    }
    head(p, errors, "counter",
         "Requests that an endpoint of etcd failed to answer.");
    for (unsigned i = 0; i < now->endpoints_n; i++) {
        label(url, sizeof url, "endpoint", now->endpoints[i].url);
        add(p, "%s{%s,%s} %" PRIu64 "\n", errors, p->name, url,
            now->endpoints[i].errors);
    }
}

static void leadership(struct page *p, const struct metrics *m,
                       const struct metrics_now *now)
{
    bool leading = now->lead_ms > 0;
    number(p, "leader_election_master_status", "gauge",
           "1 while this candidate leads, else 0.", leading);
    number(p, "candidate_in_touch", "gauge",
           "1 while etcd has lately confirmed that it takes part, else 0.",
           now->in_touch);
    number(p, "candidate_elected_total", "counter", "How often it was elected.",
           (int64_t)m->elected_n);
    number(p, "candidate_lost_total", "counter",
           "How often it lost leadership.", (int64_t)m->lost_n);
    number(p, "candidate_transitions_total", "counter",
           "How often it has seen a leader after another.",
           (int64_t)m->transitions_n);
    number(p, "candidate_fencing_token", "gauge",
           "The fencing token while it leads, else 0.",
           leading ? now->token : 0);
    seconds(p, "candidate_lease_margin_seconds",
            "For how long leadership is certain without another renewal.",
            now->lead_ms);
    if (m->gap_ms >= 0)
        seconds(p, "candidate_last_failover_gap_seconds",
                "For how long it saw nobody lead before the present leader.",
                m->gap_ms);
}

size_t metrics_render(const struct metrics *m, const struct metrics_now *now,
                      char *text, size_t bytes_max)
{
    struct page p = { .text = text, .bytes_max = bytes_max };
    label(p.name, sizeof p.name, "name", now->election);
    leadership(&p, m, now);
    histogram(&p, m);
    seconds(&p, "candidate_renewal_lateness_max_seconds",
            "The longest that a renewal was sent after it was due.",
            now->stats->renewal_late_ms_max);
    endpoints(&p, now);
    head(&p, "candidate_build_info", "gauge", "What is running; always 1.");
    add(&p, "candidate_build_info{%s,version=\"%s\"} 1\n", p.name,
        candidate_version());
    return p.bytes < bytes_max ? p.bytes : 0;
}
