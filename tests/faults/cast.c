/* cast.c: see cast.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cast.h"

enum {
    ENDPOINTS_BYTES_MAX = 256,
    MARGIN_MS = 250, /* the deadline is 0.9 TTL - 250 ms after the renewal */
};

/* ---- spans ---- */

static void open_span(struct cast *c, unsigned player, int64_t from_ms)
{
    assert_true(c->spans_n < CAST_SPANS_MAX);
    c->spans[c->spans_n++] = (struct cast_span){ player, from_ms, INT64_MAX };
}

static void close_span(struct cast *c, unsigned player, int64_t until_ms)
{
    for (size_t i = 0; i < c->spans_n; i++)
        if (c->spans[i].player == player && c->spans[i].until_ms == INT64_MAX)
            c->spans[i].until_ms = until_ms;
}

void cast_forget(struct cast *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->spans_n; i++)
        if (c->spans[i].until_ms == INT64_MAX)
            c->spans[n++] = c->spans[i];
    c->spans_n = n;
    c->lost[0] = '\0';
}

static int64_t common_ms(const struct cast_span *a, const struct cast_span *b)
{
    int64_t from_ms = a->from_ms > b->from_ms ? a->from_ms : b->from_ms;
    int64_t until_ms = a->until_ms < b->until_ms ? a->until_ms : b->until_ms;
    if (until_ms == INT64_MAX)
        until_ms = process_now_ms();
    return a->player != b->player ? until_ms - from_ms : 0;
}

unsigned cast_overlaps(const struct cast *c, int64_t *ret_longest_ms)
{
    unsigned n = 0;
    *ret_longest_ms = 0;
    for (size_t i = 0; i < c->spans_n; i++) {
        for (size_t k = i + 1; k < c->spans_n; k++) {
            int64_t ms = common_ms(&c->spans[i], &c->spans[k]);
            n += ms > 0;
            if (ms > *ret_longest_ms)
                *ret_longest_ms = ms;
        }
    }
    return n;
}

/* ---- what they say ---- */

static void lose(struct cast *c, struct cast_player *p,
                 const struct process_line *line)
{
    int64_t until_ms = line->at_ms;
    p->leads = false;
    (void)snprintf(c->lost, sizeof c->lost, ", %s: %s", p->id, line->text);
    if (p->deadline_ms && p->deadline_ms < until_ms) {
        close_span(c, p->number, p->deadline_ms);
        if (!strstr(line->text, "deadline"))
            open_span(c, p->number, p->resumed_ms);
    }
    close_span(c, p->number, until_ms);
    p->deadline_ms = 0;
}

static void take_line(struct cast *c, struct cast_player *p,
                      const struct process_line *line)
{
    static const char leader[] = " is the leader...";
    if (strcmp(line->text, STAGE_LEADER) == 0) {
        p->leads = true;
        p->follows = 0;
        p->renewed_ms = p->asked_ms;
        open_span(c, p->number, line->at_ms);
    } else if (strncmp(line->text, "Lost leadership", 15) == 0) {
        lose(c, p, line);
    } else if (strcmp(line->text, STAGE_ATTEMPTING) == 0) {
        p->follows = 0;
    } else if (line->text[0] && strcmp(line->text + 1, leader) == 0) {
        p->follows = line->text[0];
    }
}

/* "candidate: debug: URL: CALL, ..., N ms: OUTCOME; now STATE". Returns when
 * the call was sent, or 0 if it is another call or had another outcome. */
static int64_t sent_at_ms(const struct process_line *line, const char *call,
                          const char *outcome)
{
    const char *said = strstr(line->text, call);
    const char *end = said ? strstr(said, " ms: ") : NULL;
    if (!end || strncmp(end + 5, outcome, strlen(outcome)) != 0)
        return 0;
    const char *number = end;
    while (number[-1] >= '0' && number[-1] <= '9')
        number--;
    return line->at_ms - strtoll(number, NULL, 10);
}

static void note_member(struct cast *c, struct cast_player *p, const char *text)
{
    char host[16];
    char url[64];
    cast_host(p->number, host);
    for (unsigned i = 0; i < CAST_MEMBERS_N; i++) {
        (void)snprintf(url, sizeof url, "http://%s:%u: ", host,
                       etcd_server_port(c->stage->etcd, i));
        if (strstr(text, url))
            p->member = i;
    }
}

static void take_error(struct cast *c, struct cast_player *p,
                       const struct process_line *line)
{
    int64_t granted_ms = sent_at_ms(line, ": grant, ", "lease lives");
    int64_t renewed_ms = sent_at_ms(line, ": renew, ", "lease lives");
    int64_t confirmed_ms = sent_at_ms(line, ": confirm, ", "succeeded");
    int64_t resigned_ms = sent_at_ms(line, ": resign, ", "succeeded");
    if (granted_ms)
        p->asked_ms = granted_ms;
    if (renewed_ms)
        p->asked_ms = renewed_ms;
    if (confirmed_ms)
        p->renewed_ms = p->asked_ms;
    if (renewed_ms || confirmed_ms)
        note_member(c, p, line->text);
    if (resigned_ms) {
        p->leads = false;
        close_span(c, p->number, resigned_ms);
    }
}

/* A renewal may be told of after the line that it led to: stderr first. */
static void take_news(struct cast *c, struct cast_player *p)
{
    while (p->errors_n < process_errors_n(p->process)) {
        struct process_line line = process_error(p->process, p->errors_n++);
        take_error(c, p, &line);
    }
    while (p->lines_n < process_lines_n(p->process)) {
        struct process_line line = process_line(p->process, p->lines_n++);
        take_line(c, p, &line);
    }
    if (!process_ended(p->process))
        return;
    close_span(c, p->number, process_ended_at_ms(p->process));
    process_free(p->process);
    p->process = NULL;
    p->leads = false;
    p->follows = 0;
}

bool cast_step(struct cast *c, int64_t end_at_ms)
{
    bool more = process_set_step(c->stage->set, end_at_ms);
    for (unsigned i = 0; i < CAST_PLAYERS_N; i++)
        if (c->players[i].process)
            take_news(c, &c->players[i]);
    return more;
}

_Noreturn void cast_fail(const struct cast *c, const char *why)
{
    for (unsigned i = 0; i < CAST_PLAYERS_N; i++)
        if (c->players[i].process)
            process_fail_at(c->players[i].process, why, __FILE__, __LINE__);
    print_error("%s\n", why);
    _fail(__FILE__, __LINE__);
    abort(); /* _fail() does not come back, but is not declared so */
}

/* ---- who they are ---- */

void cast_init(struct cast *c, struct stage *stage)
{
    *c = (struct cast){ .stage = stage };
    for (unsigned i = 0; i < CAST_PLAYERS_N; i++) {
        c->players[i].number = i;
        c->players[i].id[0] = (char)('A' + i);
    }
}

void cast_host(unsigned player, char ret_host[16])
{
    (void)snprintf(ret_host, 16, "127.0.1.%u", player + 1);
}

/* Each one has another member first in its list. */
static void start(struct cast *c, struct cast_player *p)
{
    char host[16];
    char ttl[16];
    char endpoints[ENDPOINTS_BYTES_MAX] = "";
    cast_host(p->number, host);
    (void)snprintf(ttl, sizeof ttl, "%u", c->ttl_s);
    for (unsigned i = 0; i < CAST_MEMBERS_N; i++) {
        unsigned member = (p->number + i) % CAST_MEMBERS_N;
        size_t used = strlen(endpoints);
        (void)snprintf(endpoints + used, sizeof endpoints - used,
                       "%shttp://%s:%u", i > 0 ? "," : "", host,
                       etcd_server_port(c->stage->etcd, member));
    }
    const char *const argv[] = { stage_program(), "--endpoints", endpoints,
                                 "--ttl",         ttl,           "--log-level",
                                 "debug",         p->id,         NULL };
    p->process = process_start(c->stage->set, PROCESS_PIPES, argv, NULL);
    p->lines_n = p->errors_n = 0;
    p->deadline_ms = 0;
}

void cast_change_ttl(struct cast *c, unsigned ttl_s)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    c->ttl_s = ttl_s;
    for (unsigned i = 0; i < CAST_PLAYERS_N; i++)
        if (c->players[i].process)
            process_signal(c->players[i].process, SIGTERM);
    for (unsigned i = 0; i < CAST_PLAYERS_N; i++)
        while (c->players[i].process)
            if (!cast_step(c, end_at_ms))
                cast_fail(c, "it does not resign");
}

/* Who believes to lead; CAST_NOBODY: nobody, or more than one. */
static unsigned leader_of(const struct cast *c)
{
    unsigned leader = CAST_NOBODY;
    unsigned n = 0;
    for (unsigned i = 0; i < CAST_PLAYERS_N; i++) {
        if (!c->players[i].leads)
            continue;
        leader = i;
        n++;
    }
    return n == 1 ? leader : CAST_NOBODY;
}

static bool is_settled(const struct cast *c)
{
    unsigned leader = leader_of(c);
    if (leader == CAST_NOBODY)
        return false;
    for (unsigned i = 0; i < CAST_PLAYERS_N; i++)
        if (i != leader && c->players[i].follows != c->players[leader].id[0])
            return false;
    return true;
}

unsigned cast_settle(struct cast *c)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    cast_step(c, 0);
    while (!is_settled(c)) {
        for (unsigned i = 0; i < CAST_PLAYERS_N; i++)
            if (!c->players[i].process)
                start(c, &c->players[i]);
        if (!cast_step(c, end_at_ms))
            cast_fail(c, "no leader whom all others follow");
    }
    return leader_of(c);
}

/* ---- what is done to them ---- */

void cast_resign(struct cast *c, unsigned player)
{
    process_write(c->players[player].process, "\n");
}

void cast_kill(struct cast *c, unsigned player)
{
    process_signal(c->players[player].process, SIGKILL);
    close_span(c, player, process_now_ms());
    c->players[player].leads = false;
}

void cast_pause(struct cast *c, unsigned player)
{
    struct cast_player *p = &c->players[player];
    process_pause(p->process);
    cast_step(c, 0);
    p->deadline_ms = p->renewed_ms + INT64_C(900) * c->ttl_s - MARGIN_MS;
}

void cast_resume(struct cast *c, unsigned player)
{
    c->players[player].resumed_ms = process_now_ms();
    process_resume(c->players[player].process);
}
