/* command.c: see command.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command.h"
#include "support/procfs.h"

enum { LOOK_AGAIN_MS = 5, CHILDREN_MAX = 8, VALUE_BYTES_MAX = 400 };

void witness_begin(struct witness *w)
{
    folder_make(&w->folder);
    snprintf(w->path, sizeof w->path, "%s/witness", w->folder.path);
    assert_int_equal(mkfifo(w->path, 0600), 0);
    w->fd = open(w->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(w->fd >= 0);
}

void witness_end(struct witness *w)
{
    close(w->fd);
    folder_remove(&w->folder);
}

static bool has_ended(const struct witness *w, int timeout_ms)
{
    struct pollfd polled = { .fd = w->fd, .events = POLLIN };
    return poll(&polled, 1, timeout_ms) > 0 && (polled.revents & POLLHUP);
}

bool witness_alive(const struct witness *w)
{
    return !has_ended(w, 0);
}

int64_t witness_await_end(const struct witness *w)
{
    if (!has_ended(w, PROCESS_PATIENCE_MS))
        fail_msg("something of the command is left");
    return process_now_ms();
}

static void expect_begin(struct process *p, const char *id)
{
    char text[STAGE_LINE_BYTES_MAX];
    snprintf(text, sizeof text, "Candidate %s", id);
    process_expect_error(p, text);
    process_expect_error(p, STAGE_ATTEMPTING);
}

void command_expect_lead(struct process *p, const char *id)
{
    expect_begin(p, id);
    process_expect_error(p, STAGE_LEADER);
}

void command_expect_follow(struct process *p, const char *id,
                           const char *leader)
{
    char text[STAGE_LINE_BYTES_MAX];
    expect_begin(p, id);
    snprintf(text, sizeof text, "%s is the leader...", leader);
    process_expect_error(p, text);
}

void command_expect_next_lead(struct process *p)
{
    process_expect_error(p, STAGE_ATTEMPTING);
    process_expect_error(p, STAGE_LEADER);
}

pid_t command_expect_up(struct process *p)
{
    struct process_line line = process_next_line(p);
    assert_int_equal(strncmp(line.text, "up ", 3), 0);
    pid_t pid = (pid_t)strtol(line.text + 3, NULL, 10);
    assert_true(pid > 0);
    return pid;
}

static pid_t only_child(pid_t pid)
{
    pid_t children[CHILDREN_MAX];
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (procfs_children(pid, children, CHILDREN_MAX) != 1) {
        assert_true(process_now_ms() < end_at_ms);
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
    return children[0];
}

pid_t command_heir(const struct process *p)
{
    return only_child(process_pid(p));
}

pid_t command_guardian(const struct process *p)
{
    return only_child(command_heir(p));
}

/* While a process becomes another program it has no environment to be read. */
static void read_variable(pid_t command, const char *name,
                          char ret_value[VALUE_BYTES_MAX])
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (!procfs_variable(command, name, ret_value, VALUE_BYTES_MAX))
        assert_true(process_now_ms() < end_at_ms);
}

struct candidate_lease_page *command_lease_page(pid_t command)
{
    char path[VALUE_BYTES_MAX];
    char token[VALUE_BYTES_MAX];
    struct candidate_lease_page *page;
    read_variable(command, "CANDIDATE_LEASE_PAGE", path);
    read_variable(command, "CANDIDATE_TOKEN", token);
    assert_int_equal(
        candidate_lease_page_open(&page, path, strtoll(token, NULL, 10), NULL),
        0);
    return page;
}

struct candidate_lease command_lease(const struct candidate_lease_page *page)
{
    struct candidate_lease lease;
    assert_true(candidate_lease_page_read(page, &lease));
    return lease;
}

void command_await_state(pid_t pid, char state)
{
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (procfs_state(pid) != state) {
        if (process_now_ms() >= end_at_ms)
            fail_msg("process %d is not in state '%c'", (int)pid, state);
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
}
