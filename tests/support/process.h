/* process.h: programs under test, what they print and how they end.
 *
 * Each wait reads from all processes of the set: no pipe fills up while the
 * test looks elsewhere, and each line is stamped as it comes. A wait that is
 * not met fails the running cmocka test and prints what every process of the
 * set has said. Nothing here sleeps, and nothing outlives the test program.
 */
#ifndef PROCESS_H
#define PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PROCESS_PATIENCE_MS = 60000, /* machines are noisy; longer has failed */
    PROCESSES_MAX = 128,         /* in a set */
};

enum process_flags {
    PROCESS_PIPES = 0,    /* stdin, stdout, stderr: a pipe each */
    PROCESS_TERMINAL = 1, /* stdin and stdout on a pseudo-terminal, whose echo
                             and \r\n show in stdout; stderr on a pipe */
};

/* A line that came, without its end. */
struct process_line {
    const char *text; /* good until the process is freed */
    int64_t at_ms;    /* when it came, on CLOCK_BOOTTIME */
};

struct process_set;
struct process;

/* CLOCK_BOOTTIME in ms. */
int64_t process_now_ms(void);

/* Also ignores SIGPIPE in the test program. Never NULL. */
struct process_set *process_set_new(void);
/* Kills what still runs. set may be NULL. */
void process_set_free(struct process_set *set);

/* Start a program; argv, environment: see spawn.h. */
struct process *process_start(struct process_set *set, unsigned flags,
                              const char *const *argv,
                              const char *const *environment);
/* Kill it, if need be, and forget it. */
void process_free(struct process *p);
/* Lines of stderr that contain this are left out, as if they had not come.
 * part must stay; NULL: none. */
void process_ignore_errors(struct process *p, const char *part);
pid_t process_pid(const struct process *p);

/* Wait for news of any process, and take it in; at most until end_at_ms.
 * Returns false when that instant has passed. */
bool process_set_step(struct process_set *set, int64_t end_at_ms);
/* Take in all news until that instant. */
void process_set_pass(struct process_set *set, int64_t until_ms);

/* ---- what it prints ---- */

/* The next line of stdout must be this one; file and line are the test's. */
#define process_expect_line(p, text)                                           \
    process_expect_line_at((p), (text), __FILE__, __LINE__)
/* The next line of stderr must contain this. */
#define process_expect_error(p, part)                                          \
    process_expect_error_at((p), (part), __FILE__, __LINE__)
/* The whole of stdout so far, byte for byte. */
#define process_expect_output(p, text)                                         \
    process_expect_output_at((p), (text), __FILE__, __LINE__)
/* Every line of stdout was expected, and nothing came on stderr. Proves it
 * for good only after process_expect_exit(), else up to this moment. */
#define process_expect_nothing_more(p)                                         \
    process_expect_nothing_more_at((p), __FILE__, __LINE__)

/* Nothing has come on stderr. */
#define process_expect_no_errors(p)                                            \
    process_expect_no_errors_at((p), __FILE__, __LINE__)

/* They return the line that came. */
struct process_line process_expect_line_at(struct process *p, const char *text,
                                           const char *file, int line);
struct process_line process_expect_error_at(struct process *p, const char *part,
                                            const char *file, int line);
void process_expect_output_at(struct process *p, const char *text,
                              const char *file, int line);
void process_expect_nothing_more_at(struct process *p, const char *file,
                                    int line);
void process_expect_no_errors_at(struct process *p, const char *file, int line);

/* The next line of stdout or stderr, whatever it is. */
struct process_line process_next_line(struct process *p);
struct process_line process_next_error(struct process *p);

/* Whatever has come on stderr so far was expected. */
void process_skip_errors(struct process *p);

/* All lines of stdout or stderr so far, expected already or not. */
size_t process_lines_n(const struct process *p);
struct process_line process_line(const struct process *p, size_t number);
size_t process_errors_n(const struct process *p);
struct process_line process_error(const struct process *p, size_t number);
/* All bytes of stdout so far. */
const char *process_output(const struct process *p);

/* ---- what is done to it ---- */

void process_write(struct process *p, const char *text);
void process_close_input(struct process *p);
/* Read its stdout no more: the next write to it fails. Pipes only. */
void process_close_output(struct process *p);
void process_close_errors(struct process *p);
/* Read neither stdout nor stderr for a while, as if their reader stood still.
 */
void process_hold_output(struct process *p, bool held);
void process_signal(struct process *p, int number);
/* SIGSTOP, and wait until it has stopped; SIGCONT. */
void process_pause(struct process *p);
void process_resume(struct process *p);

/* ---- how it ends ---- */

/* Wait until it ends, and until everything that it printed has been read. */
#define process_await_end(p) process_await_end_at((p), __FILE__, __LINE__)
void process_await_end_at(struct process *p, const char *file, int line);

/* The same, and it must end by itself with this code, or by this signal. */
#define process_expect_exit(p, code)                                           \
    process_expect_end_at((p), (code), 0, __FILE__, __LINE__)
#define process_expect_killed(p, number)                                       \
    process_expect_end_at((p), -1, (number), __FILE__, __LINE__)
void process_expect_end_at(struct process *p, int code, int number,
                           const char *file, int line);

/* Whether it has ended, as far as has been read; its status as waitpid()
 * gives it; when that was seen. */
bool process_ended(const struct process *p);
int process_status(const struct process *p);
int64_t process_ended_at_ms(const struct process *p);

/* Print what every process of the set has said, and fail the test. */
_Noreturn void process_fail_at(const struct process *p, const char *why,
                               const char *file, int line);

#endif
