/* status_server.c: see status_server.h. */
#include "serve/status_server.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "serve/page.h"
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
    return (struct status_now){
        .now_ms = clock_now_ms(),
        .wall_ms = clock_wall_ms(),
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

static void answer_events(struct status_server *s, const struct status_now *now,
                          const struct page *page, struct httpd_answer *answer)
{
    (void)page;
    answer->status = 200;
    answer->type = "text/event-stream";
    answer->stream = true;
    answer->body = live_message(&s->live, &s->status, now, &answer->bytes);
}

/* The files are small. */
static void answer_file(struct status_server *s, const struct page_file *file,
                        struct httpd_answer *answer)
{
    assert(file->bytes <= sizeof s->text);
    memcpy(s->text, file->data, file->bytes);
    answer->status = 200;
    answer->type = file->type;
    answer->policy = PAGE_POLICY;
    answer->bytes = file->bytes;
}

static const struct page pages[] = {
    { "/leader", answer_question, STATUS_LEADER },
    { "/standby", answer_question, STATUS_STANDBY },
    { "/livez", answer_question, STATUS_LIVE },
    { "/healthz", answer_question, STATUS_HEALTHY },
    { "/readyz", answer_question, STATUS_READY },
    { "/status", answer_status, STATUS_LIVE },
    { "/metrics", answer_metrics, STATUS_LIVE },
    { "/events", answer_events, STATUS_LIVE },
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
    struct page_file file;
    answer->body = s->text;
    if (!page && !page_find(request->path, &file)) {
        refuse(s, answer, 404, "there is no such page");
        return;
    }
    answer->allow = methods;
    if (!is_one_of_methods(request->method)) {
        refuse(s, answer, 405, "GET, HEAD and OPTIONS are all there is");
        return;
    }
    struct status_now now = ask(s);
    if (page)
        page->answer(s, &now, page, answer);
    else
        answer_file(s, &file, answer);
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
    s->candidate = c;
    status_init(&s->status, config, clock_now_ms());
    metrics_init(&s->metrics);
    r = live_init(&s->live, config, err);
    if (r == 0)
        r = httpd_new(&s->httpd, s->listen.fd, on_request, s, err);
    if (r == 0)
        return 0;
    live_done(&s->live);
    listen_close(&s->listen);
    return error_wrap(err, r, "listen");
}

void status_server_close(struct status_server *s)
{
    if (!s->httpd)
        return;
    httpd_free(s->httpd);
    s->httpd = NULL;
    live_done(&s->live);
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

unsigned status_server_pollfds(struct status_server *s, struct pollfd *fds,
                               int *timeout_ms)
{
    if (!s->httpd)
        return 0;
    int64_t now_ms = clock_now_ms();
    fds[0] = httpd_pollfd(s->httpd, now_ms, timeout_ms);
    return 1 +
        live_pollfds(&s->live, now_ms, httpd_streams_n(s->httpd) > 0, fds + 1,
                     timeout_ms);
}

void status_server_work(struct status_server *s)
{
    struct candidate_stats stats;
    if (!s->httpd)
        return;
    candidate_stats(s->candidate, &stats);
    metrics_stats(&s->metrics, &stats);
    struct status_now now = ask(s);
    if (live_work(&s->live, &s->status, &now, httpd_streams_n(s->httpd) > 0)) {
        size_t bytes;
        const char *message = live_message(&s->live, &s->status, &now, &bytes);
        httpd_publish(s->httpd, message, bytes);
    }
    httpd_work(s->httpd, clock_now_ms());
}
