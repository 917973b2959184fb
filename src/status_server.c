/* status_server.c: see status_server.h. */
#include "status_server.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sys/clock.h"
#include "sys/error.h"

static const char methods[] = "GET, HEAD, OPTIONS";

struct page {
    const char *path;
    void (*answer)(struct status_server *s, const struct status_now *now,
                   const struct page *page, struct httpd_answer *answer);
    enum status_question question;
};

static struct status_now ask(const struct status_server *s)
{
    struct timespec wall = { 0 };
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    return (struct status_now){
        .now_ms = clock_now_ms(),
        .wall_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000,
        .lead_until_ms = candidate_lead_until_ms(s->candidate),
        .confirmed_at_ms = candidate_confirmed_at_ms(s->candidate),
        .place = candidate_place(s->candidate),
    };
}

static void answer_question(struct status_server *s,
                            const struct status_now *now,
                            const struct page *page,
                            struct httpd_answer *answer)
{
    char text[STATUS_TEXT_BYTES_MAX];
    bool yes = status_answer(&s->status, now, page->question, text);
    answer->status = yes ? 200 : 503;
    answer->bytes = (size_t)snprintf(s->text, sizeof s->text, "%s\n", text);
}

static void answer_status(struct status_server *s, const struct status_now *now,
                          const struct page *page, struct httpd_answer *answer)
{
    struct json_text j;
    (void)page;
    json_text_init(&j, s->text, sizeof s->text);
    json_text_object(&j, NULL);
    status_members(&s->status, now, &j);
    json_text_object_end(&j);
    json_text_line_end(&j);
    answer->status = j.too_long ? 500 : 200;
    answer->type = "application/json";
    answer->bytes = j.bytes;
}

static void answer_metrics(struct status_server *s,
                           const struct status_now *now,
                           const struct page *page, struct httpd_answer *answer)
{
    struct candidate_stats stats;
    struct candidate_endpoint endpoints[CANDIDATE_ENDPOINTS_MAX];
    unsigned n = 0;
    (void)page;
    candidate_stats(s->candidate, &stats);
    while (n < CANDIDATE_ENDPOINTS_MAX &&
           candidate_endpoint(s->candidate, n, &endpoints[n]))
        n++;
    struct metrics_now shown = {
        .election = s->status.election,
        .lead_ms = status_lead_ms(&s->status, now),
        .token = s->status.token,
        .in_touch = status_in_touch(&s->status, now),
        .stats = &stats,
        .endpoints = endpoints,
        .endpoints_n = n,
    };
    answer->bytes = metrics_render(&s->metrics, &shown, s->text,
                                   sizeof s->text);
    answer->status = answer->bytes > 0 ? 200 : 500;
    answer->type = "text/plain; version=0.0.4; charset=utf-8";
}

static const struct page pages[] = {
    { "/leader", answer_question, STATUS_LEADER },
    { "/standby", answer_question, STATUS_STANDBY },
    { "/livez", answer_question, STATUS_LIVE },
    { "/healthz", answer_question, STATUS_HEALTHY },
    { "/readyz", answer_question, STATUS_READY },
    { "/status", answer_status, STATUS_LIVE },
    { "/metrics", answer_metrics, STATUS_LIVE },
};

static const struct page *find(const char *path)
{
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(pages[i].path, path) == 0)
            return &pages[i];
    return NULL;
}

static bool is_one_of_methods(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
        strcmp(method, "OPTIONS") == 0;
}

static void refuse(struct status_server *s, struct httpd_answer *answer,
                   int status, const char *text)
{
    answer->status = status;
    answer->bytes = (size_t)snprintf(s->text, sizeof s->text, "%s\n", text);
}

/* To OPTIONS the status is that of GET: HAProxy asks so, unless it is told
 * otherwise. */
static void on_request(void *context, const struct httpd_request *request,
                       struct httpd_answer *answer)
{
    struct status_server *s = context;
    const struct page *page = find(request->path);
    answer->body = s->text;
    if (!page) {
        refuse(s, answer, 404, "there is no such page");
        return;
    }
    answer->allow = methods;
    if (!is_one_of_methods(request->method)) {
        refuse(s, answer, 405, "GET, HEAD and OPTIONS are all there is");
        return;
    }
    struct status_now now = ask(s);
    page->answer(s, &now, page, answer);
    if (strcmp(request->method, "OPTIONS") == 0)
        answer->bytes = 0;
}

int status_server_open(struct status_server *s, const char *where,
                       const struct candidate *c,
                       const struct candidate_config *config,
                       struct candidate_error *err)
{
    if (!where)
        return 0;
    int r = listen_open(&s->listen, where, err);
    if (r < 0)
        return error_wrap(err, r, "listen");
    r = httpd_new(&s->httpd, s->listen.fd, on_request, s, err);
    if (r < 0) {
        listen_close(&s->listen);
        return error_wrap(err, r, "listen");
    }
    s->candidate = c;
    status_init(&s->status, config, clock_now_ms());
    metrics_init(&s->metrics);
    return 0;
}

void status_server_close(struct status_server *s)
{
    if (!s->httpd)
        return;
    httpd_free(s->httpd);
    s->httpd = NULL;
    listen_close(&s->listen);
}

void status_server_event(struct status_server *s,
                         const struct candidate_event *event)
{
    status_event(&s->status, event);
    metrics_event(&s->metrics, event);
}

void status_server_leaving(struct status_server *s)
{
    status_leaving(&s->status);
}

struct pollfd status_server_pollfd(const struct status_server *s,
                                   int *timeout_ms)
{
    if (!s->httpd)
        return (struct pollfd){ .fd = -1 };
    return httpd_pollfd(s->httpd, clock_now_ms(), timeout_ms);
}

void status_server_work(struct status_server *s)
{
    struct candidate_stats stats;
    if (!s->httpd)
        return;
    candidate_stats(s->candidate, &stats);
    metrics_stats(&s->metrics, &stats);
    httpd_work(s->httpd, clock_now_ms());
}
