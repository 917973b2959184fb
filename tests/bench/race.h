/* race.h: programs under measurement: when each leads, to the microsecond.
 *
 * Each line is stamped as it is read; no process outlives the bench. What does
 * not happen within RACE_PATIENCE_S fails the running cmocka test.
 */
#ifndef RACE_H
#define RACE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RACE_PATIENCE_S = 120, RACE_LINE_BYTES_MAX = 256 };

struct racer {
    const char *leads; /* the line with which it does; NULL: its first */
    pid_t pid;
    pid_t work_pid; /* of its command; 0: none */
    int fd;         /* its standard output; -1: at its end */
    int64_t began_at_ns;
    int64_t led_at_ns; /* 0: not yet */
    char line[RACE_LINE_BYTES_MAX];
    size_t line_bytes;
};

struct race {
    int epoll_fd;
    int null_fd;
    char endpoints[RACE_LINE_BYTES_MAX]; /* as a variable for etcdctl */
    int64_t news_at_ns;                  /* when anybody last said something */
    struct racer *latest;                /* to lead; NULL: taken */
};

int64_t race_now_ns(void);

void race_init(struct race *race, const char *endpoints);
void race_done(struct race *race);

/* Start a program that leads with a line that begins so. */
struct racer *race_start(struct race *race, const char *const *words,
                         const char *leads);
/* Take in what was said; waits at most until then. */
void race_step(struct race *race, int64_t end_at_ns);
/* Wait until it leads. Returns when it did. */
int64_t race_await(struct race *race, const struct racer *racer);
/* Wait until anybody leads who did not before. */
struct racer *race_await_any(struct race *race);
/* Wait until nobody has said anything for a while: all is as it will stay. */
void race_await_calm(struct race *race);

/* Send a signal; returns when. */
int64_t race_signal(const struct racer *racer, int number);
/* Wait until it has ended, and forget it. */
void race_end(struct race *race, struct racer *racer);

#endif
