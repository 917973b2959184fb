/* supervise.h: a command that runs only while we lead, as a pure machine.
 *
 * Each event says until when we surely lead; what comes out is what to do to
 * the command's processes, and when to come back although nothing happened. It
 * knows nothing of processes, signals' numbers, clocks or etcd. All times are
 * ms on one clock that goes on during suspend (CLOCK_BOOTTIME).
 *
 * The promise: when the time is up, every process of the command's has been
 * killed, or the dead-man timer was left armed, which ends us and with us
 * them; and the leadership is given back only when no process is left.
 */
#ifndef SUPERVISE_H
#define SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    SUPERVISE_KILL_EARLY_MS = 100,  /* killed so long before the time is up */
    SUPERVISE_KILL_AGAIN_MS = 1000, /* what is left then is killed again */
    SUPERVISE_RESTART_MS = 1000,    /* not sooner after a guardian's death */
    SUPERVISE_UNGUARDED_MS = 3000,  /* a leadership without one is given up */
    SUPERVISE_NOT_ENDED = -1,       /* no exit code yet */
    SUPERVISE_EXIT_LOST = 75,       /* leadership was lost, with once */
};

enum supervise_state {
    SUPERVISE_IDLE,     /* no process of the command's is left */
    SUPERVISE_RUNNING,  /* started, or being started */
    SUPERVISE_STOPPING, /* told to end, killed at a set instant */
    SUPERVISE_KILLING,  /* killed, until no process is left */
};

enum supervise_event_type {
    SUPERVISE_TICK,     /* time has passed, or the leadership has changed */
    SUPERVISE_EXITED,   /* exit_code: the command has ended or could not be
                           started; EMPTY follows, others may live until then */
    SUPERVISE_EMPTY,    /* none of its processes is left */
    SUPERVISE_ORPHANED, /* the guardian has died; EMPTY follows, if a command
                           was running; then GUARDED, or not if that fails */
    SUPERVISE_GUARDED,  /* there is another guardian */
    SUPERVISE_PASS,     /* signal: to be passed on, no more */
    SUPERVISE_LEAVE,    /* signal: to be passed on; then end; 0: none */
    SUPERVISE_YIELD,    /* stop the command, then give the leadership up */
};

struct supervise_event {
    enum supervise_event_type type;
    int64_t now_ms;
    int64_t lead_until_ms; /* > now_ms, or 0: not leading */
    int64_t token;         /* of the leadership; 0: not leading */
    int exit_code;
    int signal;
};

/* What to do after a step, in this order, and what to say about it. */
struct supervise_actions {
    int64_t dead_man_at_ms; /* first set the dead-man timer; 0: switch it off,
                               but only when all else is done */
    bool start;             /* the command, for this event's token */
    int signal;             /* to the command's group; 0: none */
    bool terminate;         /* SIGTERM to its group */
    bool proceed;           /* SIGCONT to its group */
    bool kill;              /* SIGKILL to all of its processes */
    bool kill_guardian;     /* SIGKILL: it does not see to its work */
    bool resign;            /* leave the election; exit_code is set */
    bool yield;             /* step down and queue anew */
    bool overdue;           /* with kill: it was told to end, and has not */
    bool unguarded;         /* no guardian came: the leadership is given up */
};

struct supervise_config {
    int64_t grace_ms; /* between SIGTERM and SIGKILL, >= 0 */
    bool once;        /* end when leadership is lost */
};

/* Open only so that it can live in the caller's memory. */
struct supervise {
    struct supervise_config config;
    enum supervise_state state;
    int64_t stepped_at_ms;
    int64_t lead_until_ms;
    int64_t token;         /* of the leadership that the command runs for */
    int64_t stop_until_ms; /* STOPPING: when it is killed, if not sooner */
    int64_t kill_again_at_ms;
    bool unguarded;      /* nobody is there who could start it */
    int64_t start_at_ms; /* not before it */
    int64_t idle_token;  /* of the leadership that waits for a guardian */
    int64_t give_up_at_ms;
    bool time_was_up;    /* that is why the command was told to end */
    int64_t yield_token; /* of the leadership that is given up as soon as no
                            process is left, and was; 0: none */
    bool ending;         /* leave as soon as no process is left */
    bool resigned;
    int exit_code;
};

/* Prepare; config is copied. */
void supervise_init(struct supervise *s, const struct supervise_config *config);

/* Take one event, whatever the state, and say what to do. ret_actions is
 * written whole. now_ms never goes back from one call to the next. */
void supervise_step(struct supervise *s, const struct supervise_event *event,
                    struct supervise_actions *ret_actions);

/* When to step with SUPERVISE_TICK at the latest, in ms; INT64_MAX: only
 * events matter. An instant that has passed means at once. A renewal moves it:
 * step with each one. */
int64_t supervise_deadline(const struct supervise *s);

/* Whether no process of the command's is left. */
bool supervise_idle(const struct supervise *s);

/* What the program is to exit with, or SUPERVISE_NOT_ENDED. */
int supervise_exit_code(const struct supervise *s);

#endif
