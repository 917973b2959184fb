/* observe_command.c: see observe_command.h. */
#include "actions/observe_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actions/picture.h"
#include "cli/json_lines.h"
#include "sys/clock.h"
#include "sys/screen.h"

enum {
    DRAW_MS = 1000,    /* from one picture to the next, for the running times */
    DETAILS_MS = 2000, /* from asking for leases and members to the next time */
    PAST_MAX = 12,     /* sentences about the past that are shown */
    STAMP_BYTES = 48,  /* "2026-11-24T09:00:00.123Z", and years to come */
    LINE_BYTES_MAX = PICTURE_SENTENCE_BYTES_MAX + 2 * STAMP_BYTES,
    ROOM_BYTES = 16, /* for each line of a frame, to clear the rest of it */
};

struct observe {
    struct reading *reading;
    bool was_stale;

    /* The picture. */
    struct screen screen;
    char *frame;
    char past[PAST_MAX][LINE_BYTES_MAX];
    unsigned past_n;
    int64_t draw_at_ms, details_at_ms;
};

static void stamp(char out[STAMP_BYTES])
{
    int64_t wall_ms = json_lines_wall_ms(clock_now_ms());
    time_t seconds = (time_t)(wall_ms / 1000);
    struct tm utc = { 0 };
    char date[STAMP_BYTES] = "";
    if (gmtime_r(&seconds, &utc))
        (void)strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &utc);
    (void)snprintf(out, STAMP_BYTES, "%.19s.%03dZ", date,
                   (int)(wall_ms % 1000));
}

/* What there is to say of a change, with the time; "": nothing. After a time
 * without knowledge it is said again who leads. */
static void say(struct observe *o, char *out, size_t out_bytes,
                enum candidate_change change, const struct candidate_view *view)
{
    char sentence[PICTURE_SENTENCE_BYTES_MAX];
    char at[STAMP_BYTES];
    bool again = change == CANDIDATE_VIEW_FRESH && o->was_stale;
    if (again)
        change = view->led    ? CANDIDATE_VIEW_LEADER
            : view->holder[0] ? CANDIDATE_VIEW_HOLDER
                              : CANDIDATE_VIEW_NOBODY;
    picture_change(sentence, change, view);
    stamp(at);
    out[0] = '\0';
    if (sentence[0])
        (void)snprintf(out, out_bytes, "%s %s%s", at,
                       again ? "etcd answers again: " : "", sentence);
    if (change == CANDIDATE_VIEW_STALE)
        o->was_stale = true;
    else if (again)
        o->was_stale = false;
}

/* ---- lines ---- */

static void put_line(struct observe *o, enum candidate_change change)
{
    struct reading *r = o->reading;
    const struct candidate_view *view = candidate_observer_view(r->observer);
    if (r->options->json) {
        struct json_text j = reading_json(r);
        json_lines_view(&j, json_lines_word(change), view);
        reading_put_json(r, &j);
        return;
    }
    say(o, r->text, LINE_BYTES_MAX, change, view);
    size_t bytes = strlen(r->text);
    if (bytes == 0)
        return;
    r->text[bytes] = '\n';
    reading_put(r, r->text, bytes + 1);
}

static void observe_lines(struct observe *o)
{
    struct reading *r = o->reading;
    enum candidate_change change;
    do {
        while (!output_busy(r->output) && !r->failed &&
               candidate_observer_next(r->observer, &change))
            put_line(o, change);
    } while (reading_turn(r, -1));
    if (r->signal == SIGINT)
        signals_obey(r->signals, SIGINT);
}

/* ---- the picture ---- */

static void remember(struct observe *o, enum candidate_change change)
{
    if (o->past_n == PAST_MAX) {
        memmove(o->past[0], o->past[1], sizeof o->past - sizeof *o->past);
        o->past_n--;
    }
    char *line = o->past[o->past_n];
    say(o, line, sizeof *o->past, change,
        candidate_observer_view(o->reading->observer));
    if (line[0])
        o->past_n++;
}

/* As https://no-color.org has it: any value but an empty one. */
static bool may_colour(void)
{
    const char *no_color = getenv("NO_COLOR");
    return !no_color || !no_color[0];
}

static void draw(struct observe *o)
{
    struct reading *r = o->reading;
    struct picture picture = {
        .text = r->text,
        .now_ms = clock_now_ms(),
        .colours = may_colour(),
        .live = true,
    };
    picture_view(&picture, candidate_observer_view(r->observer));
    picture_line(&picture, "%s", "");
    for (unsigned i = o->past_n; i > 0; i--) /* the latest first */
        picture_line(&picture, "%s", o->past[i - 1]);
    size_t bytes = screen_frame(
        &o->screen, o->frame,
        PICTURE_BYTES_MAX + (size_t)SCREEN_ROWS_MAX * ROOM_BYTES, picture.text);
    reading_put(r, o->frame, bytes);
    o->draw_at_ms = picture.now_ms + DRAW_MS;
}

/* Returns whether to go on. */
static bool on_signal(struct observe *o, int number)
{
    struct reading *r = o->reading;
    switch (number) {
    case SIGTERM:
    case SIGHUP:
    case SIGINT:
        return false;
    case SIGTSTP:
        output_drain(r->output, NULL, OUTPUT_DRAIN_MS);
        screen_end(&o->screen);
        signals_obey(r->signals, SIGTSTP); /* until SIGCONT */
        screen_begin(&o->screen, r->output->fd);
        break;
    default: /* SIGWINCH among them */
        break;
    }
    r->signal = 0;
    o->draw_at_ms = 0;
    return true;
}

static void take_changes(struct observe *o)
{
    enum candidate_change change;
    struct reading *r = o->reading;
    while (candidate_observer_next(r->observer, &change)) {
        remember(o, change);
        o->draw_at_ms = 0;
    }
    int64_t now_ms = clock_now_ms();
    if (now_ms < o->details_at_ms)
        return;
    o->details_at_ms = now_ms + DETAILS_MS;
    candidate_observer_ask(r->observer);
}

static void observe_picture(struct observe *o)
{
    struct reading *r = o->reading;
    bool goes_on = true;
    while (goes_on) {
        take_changes(o);
        int64_t wait_ms = o->draw_at_ms - clock_now_ms();
        if (wait_ms <= 0 && !output_busy(r->output))
            draw(o);
        goes_on = reading_turn(r, wait_ms > 0 ? wait_ms : DRAW_MS);
        if (!goes_on && !r->failed && r->signal != 0)
            goes_on = on_signal(o, r->signal);
    }
    output_drain(r->output, NULL, OUTPUT_DRAIN_MS);
}

static bool wants_picture(const struct reading *r)
{
    const char *term = getenv("TERM");
    return !r->options->json && !r->options->plain && isatty(r->output->fd) &&
        term && strcmp(term, "dumb") != 0;
}

static void with_picture(struct observe *o)
{
    struct reading *r = o->reading;
    struct candidate_error err = { 0 };
    int status = signals_take_more(r->signals, &err);
    o->frame = malloc(PICTURE_BYTES_MAX + (size_t)SCREEN_ROWS_MAX * ROOM_BYTES);
    if (status < 0 || !o->frame) {
        exits_fail(r->exits, OPTIONS_EXIT_INTERNAL, "",
                   status < 0 ? err.message : "out of memory");
    } else {
        int fd = r->output->fd;
        screen_begin(&o->screen, fd);
        observe_picture(o);
        screen_end(&o->screen);
    }
    free(o->frame);
    if (r->signal == SIGINT)
        signals_obey(r->signals, SIGINT);
}

void observe_command(struct reading *r)
{
    struct observe *o = calloc(1, sizeof *o);
    if (!o) {
        exits_fail(r->exits, OPTIONS_EXIT_INTERNAL, "", "out of memory");
        return;
    }
    o->reading = r;
    bool opened = reading_open(r);
    if (opened && wants_picture(r))
        with_picture(o);
    else if (opened)
        observe_lines(o);
    reading_close(r);
    free(o);
}
