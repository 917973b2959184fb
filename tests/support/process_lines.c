/* process_lines.c: what a process prints, and what a test expects of that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "process_private.h"

static struct process_line line_of(const struct transcript *t, size_t number)
{
    assert_true(number < t->lines_n);
    return (struct process_line){ t->lines[number].text,
                                  t->lines[number].at_ms };
}

static struct process_line take_line(struct process *p, struct transcript *t,
                                     const char *wanted, const char *file,
                                     int line)
{
    char why[256];
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (t->taken_n == t->lines_n) {
        bool ended = t->fd < 0;
        if (!ended && process_set_step(p->set, end_at_ms))
            continue;
        snprintf(why, sizeof why, "%s while waiting for the line: %.180s",
                 ended ? "its output ended" : "nothing came", wanted);
        process_fail_at(p, why, file, line);
    }
    return line_of(t, t->taken_n++);
}

struct process_line process_expect_line_at(struct process *p, const char *text,
                                           const char *file, int line)
{
    struct process_line came = take_line(p, &p->out, text, file, line);
    if (strcmp(came.text, text) != 0) {
        char why[512];
        snprintf(why, sizeof why, "wanted: %.200s, came: %.200s", text,
                 came.text);
        process_fail_at(p, why, file, line);
    }
    return came;
}

struct process_line process_expect_error_at(struct process *p, const char *part,
                                            const char *file, int line)
{
    struct process_line came = take_line(p, &p->err, part, file, line);
    if (!strstr(came.text, part)) {
        char why[512];
        snprintf(why, sizeof why, "stderr lacks: %.200s, came: %.200s", part,
                 came.text);
        process_fail_at(p, why, file, line);
    }
    return came;
}

void process_expect_output_at(struct process *p, const char *text,
                              const char *file, int line)
{
    if (strcmp(process_output(p), text) != 0) {
        print_error("wanted:\n%s\ncame:\n%s\n", text, process_output(p));
        process_fail_at(p, "its output differs", file, line);
    }
}

static bool is_taken(const struct transcript *t)
{
    return t->taken_n == t->lines_n && t->line_start == t->bytes_n;
}

void process_expect_nothing_more_at(struct process *p, const char *file,
                                    int line)
{
    process_set_step(p->set, 0);
    if (!is_taken(&p->out) || !is_taken(&p->err))
        process_fail_at(p, "it said more than was expected", file, line);
}

void process_expect_no_errors_at(struct process *p, const char *file, int line)
{
    if (p->err.lines_n > 0)
        process_fail_at(p, "something came on stderr", file, line);
}

struct process_line process_next_line(struct process *p)
{
    return take_line(p, &p->out, "(any)", __FILE__, __LINE__);
}

struct process_line process_next_error(struct process *p)
{
    return take_line(p, &p->err, "(any, on stderr)", __FILE__, __LINE__);
}

void process_skip_errors(struct process *p)
{
    process_set_step(p->set, 0);
    p->err.taken_n = p->err.lines_n;
}

size_t process_lines_n(const struct process *p)
{
    return p->out.lines_n;
}

struct process_line process_line(const struct process *p, size_t number)
{
    return line_of(&p->out, number);
}

size_t process_errors_n(const struct process *p)
{
    return p->err.lines_n;
}

struct process_line process_error(const struct process *p, size_t number)
{
    return line_of(&p->err, number);
}

const char *process_output(const struct process *p)
{
    return p->out.bytes ? p->out.bytes : "";
}
