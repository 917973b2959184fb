/* race.c: see race.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "race.h"
#include "support/spawn.h"

enum {
    CALM_MS = 300, /* for a waiter in the queue to open its watch */
    EVENTS_MAX = 64,
    CHUNK_BYTES_MAX = 4096,
};

static const int64_t second_ns = INT64_C(1000000000);
static const int64_t ms_ns = 1000000;

int64_t race_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * second_ns + now.tv_nsec;
}

void race_init(struct race *race, const char *endpoints)
{
    *race = (struct race){
        .epoll_fd = epoll_create1(EPOLL_CLOEXEC),
        .null_fd = open("/dev/null", O_RDWR | O_CLOEXEC),
    };
    assert_true(race->epoll_fd >= 0 && race->null_fd >= 0);
    (void)snprintf(race->endpoints, sizeof race->endpoints,
                   "ETCDCTL_ENDPOINTS=%s", endpoints);
}

void race_done(struct race *race)
{
    close(race->epoll_fd);
    close(race->null_fd);
}

struct racer *race_start(struct race *race, const char *const *words,
                         const char *leads)
{
    int ends[2];
    struct racer *racer = calloc(1, sizeof *racer);
    assert_non_null(racer);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const char *const environment[] = { race->endpoints, "ETCDCTL_API=3",
                                        "ETCDCTL_DIAL_TIMEOUT=60s", NULL };
    racer->leads = leads;
    racer->fd = ends[0];
    racer->began_at_ns = race_now_ns();
    racer->pid = spawn_child(&(struct spawn){ .argv = words,
                                              .environment = environment,
                                              .in_fd = race->null_fd,
                                              .out_fd = ends[1],
                                              .err_fd = race->null_fd });
    close(ends[1]);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = racer };
    assert_int_equal(
        epoll_ctl(race->epoll_fd, EPOLL_CTL_ADD, racer->fd, &event), 0);
    return racer;
}

static void take_line(struct race *race, struct racer *racer)
{
    racer->line[racer->line_bytes] = '\0';
    racer->line_bytes = 0;
    const char *leads = racer->leads ? racer->leads : "";
    if (racer->led_at_ns || strncmp(racer->line, leads, strlen(leads)) != 0)
        return;
    racer->led_at_ns = race->news_at_ns;
    race->latest = racer;
    if (strncmp(racer->line, "up ", 3) == 0)
        racer->work_pid = (pid_t)strtol(racer->line + 3, NULL, 10);
}

static void take_bytes(struct race *race, struct racer *racer)
{
    char bytes[CHUNK_BYTES_MAX];
    ssize_t n = read(racer->fd, bytes, sizeof bytes);
    race->news_at_ns = race_now_ns();
    if (n <= 0) {
        close(racer->fd); /* epoll forgets it */
        racer->fd = -1;
    }
    for (ssize_t i = 0; i < n; i++) {
        if (bytes[i] == '\n')
            take_line(race, racer);
        else if (racer->line_bytes < sizeof racer->line - 1)
            racer->line[racer->line_bytes++] = bytes[i];
    }
}

void race_step(struct race *race, int64_t end_at_ns)
{
    struct epoll_event events[EVENTS_MAX];
    int64_t left_ns = end_at_ns - race_now_ns();
    int timeout_ms = left_ns > 0 ? (int)(left_ns / ms_ns) + 1 : 0;
    int n = epoll_wait(race->epoll_fd, events, EVENTS_MAX, timeout_ms);
    assert_true(n >= 0 || errno == EINTR);
    for (int i = 0; i < n; i++)
        take_bytes(race, events[i].data.ptr);
}

/* A step of a wait that began then. */
static void step(struct race *race, int64_t began_at_ns, const char *what)
{
    int64_t end_at_ns = began_at_ns + RACE_PATIENCE_S * second_ns;
    if (race_now_ns() >= end_at_ns)
        fail_msg("not within %d s: %s", RACE_PATIENCE_S, what);
    race_step(race, end_at_ns);
}

int64_t race_await(struct race *race, const struct racer *racer)
{
    int64_t began_at_ns = race_now_ns();
    while (!racer->led_at_ns) {
        if (racer->fd < 0)
            fail_msg("process %d has ended, and did not lead", racer->pid);
        step(race, began_at_ns, "it leads");
    }
    return racer->led_at_ns;
}

struct racer *race_await_any(struct race *race)
{
    int64_t began_at_ns = race_now_ns();
    while (!race->latest)
        step(race, began_at_ns, "somebody leads");
    struct racer *latest = race->latest;
    race->latest = NULL;
    return latest;
}

void race_await_calm(struct race *race)
{
    int64_t end_at_ns = race_now_ns() + RACE_PATIENCE_S * second_ns;
    race->news_at_ns = race_now_ns();
    int64_t calm_at_ns;
    while (calm_at_ns = race->news_at_ns + CALM_MS * ms_ns,
           race_now_ns() < calm_at_ns) {
        if (race_now_ns() >= end_at_ns)
            fail_msg("no calm within %d s", RACE_PATIENCE_S);
        race_step(race, calm_at_ns);
    }
}

int64_t race_signal(const struct racer *racer, int number)
{
    int64_t at_ns = race_now_ns();
    (void)kill(racer->pid, number);
    return at_ns;
}

void race_end(struct race *race, struct racer *racer)
{
    int64_t began_at_ns = race_now_ns();
    while (racer->fd >= 0)
        step(race, began_at_ns, "it ends");
    (void)spawn_wait(racer->pid);
    if (race->latest == racer)
        race->latest = NULL;
    free(racer);
}
