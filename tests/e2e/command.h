/* command.h: candidates with a command, and whether anything of it is left.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include "candidate.h"
#include "support/folder.h"
#include "support/stage.h"

enum {
    COMMAND_WITNESS_BYTES_MAX = FOLDER_PATH_BYTES_MAX + 16,
    /* From what happens until the test sees it, on a busy machine; less than
     * what a lease of 8 s lives longer than its leader leads. */
    COMMAND_NOISE_MS = 1000,
};

/* A pipe with a name. Every process that has opened it, or whose parent has,
 * keeps it alive; when the last is gone, its reader finds the end. */
struct witness {
    struct folder folder;
    char path[COMMAND_WITNESS_BYTES_MAX];
    int fd;
};

/* The arguments behind the ID: a script for sh(1), which finds the witness's
 * path as $0. */
#define COMMAND(script, witness) "--", "sh", "-c", (script), (witness)->path

/* What most scripts begin with, and what they say when they are ready. */
#define COMMAND_BEGIN "exec 3>\"$0\"; "
#define COMMAND_UP "echo \"up $$\"; "
/* Only SIGKILL ends it. */
#define COMMAND_STUBBORN                                                       \
    "trap '' TERM INT HUP; " COMMAND_BEGIN COMMAND_UP "exec sleep 1000"
/* It has left a daemon, whose process is named, behind two forks and in a
 * session of its own. */
#define COMMAND_DAEMON                                                         \
    COMMAND_BEGIN "setsid sh -c '(setsid sh -c \"echo up \\$\\$; "             \
                  "exec sleep 1000\" &)'; "

/* So many that it takes a while to kill them, all of them daemons. */
#define COMMAND_CROWD                                                          \
    "trap '' TERM; " COMMAND_BEGIN "i=0; while [ $i -lt 400 ]; do "            \
    "setsid sleep 1000 & i=$((i + 1)); done; " COMMAND_UP                      \
    "while :; do read -r _; done"

void witness_begin(struct witness *w);
void witness_end(struct witness *w);
/* Whether any process keeps it alive, which one must have done before. */
bool witness_alive(const struct witness *w);
/* Wait until none does. Returns when that was seen, on CLOCK_BOOTTIME. */
int64_t witness_await_end(const struct witness *w);

/* The candidate's first lines, up to "I am the LEADER!". */
void command_expect_lead(struct process *p, const char *id);
/* The same, for one that finds another leader. */
void command_expect_follow(struct process *p, const char *id,
                           const char *leader);
/* STAGE_ATTEMPTING and "I am the LEADER!". */
void command_expect_next_lead(struct process *p);
/* The next line of the command is "up PID". Returns the process. */
pid_t command_expect_up(struct process *p);
/* The guardian's heir: the candidate's only child, whose only child is the
 * guardian. */
pid_t command_heir(const struct process *p);
pid_t command_guardian(const struct process *p);

/* The leader's lease page, whose path stands in the environment of its
 * command; for candidate_lease_page_close(). And what stands there now. */
struct candidate_lease_page *command_lease_page(pid_t command);
struct candidate_lease command_lease(const struct candidate_lease_page *page);

/* Wait until a process is in a state: 'T', 'Z', or 0: gone. */
void command_await_state(pid_t pid, char state);

#endif
