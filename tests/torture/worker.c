/* worker.c: the command of a campaign's candidates.
 *
 * worker RECORD PLAYER [daemon]: acts every few ms, as record.h has it, until
 * it is ended; with "daemon" it leaves a process behind that does the same and
 * that only a SIGKILL ends. Every second leadership it does not heed SIGTERM.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

enum {
    EVERY_MS = 2,
    ADD_EVERY = 4, /* acts from reading the counter to writing it */
};

static void rest(void)
{
    (void)nanosleep(&(struct timespec){ .tv_nsec = EVERY_MS * 1000000L }, NULL);
}

_Noreturn static void act(struct record *r, struct record_slot *slot)
{
    for (;;) {
        int64_t counter = atomic_load(&r->counter);
        for (int i = 0; i < ADD_EVERY; i++) {
            record_act(r, slot);
            rest();
        }
        if (slot->daemon) /* the two of us do not exclude each other */
            continue;
        atomic_store(&r->counter, counter + 1);
        atomic_fetch_add(&slot->added, 1);
    }
}

/* Behind two forks, and in a session of its own. */
static void leave_daemon(struct record *r, unsigned player, int64_t token)
{
    if (fork() != 0)
        return;
    if (setsid() < 0 || fork() != 0)
        _exit(0);
    (void)signal(SIGTERM, SIG_IGN);
    struct record_slot *slot = record_begin(r, player, token, true);
    if (!slot)
        _exit(1);
    act(r, slot);
}

int main(int argc, char **argv)
{
    const char *token_text = getenv("CANDIDATE_TOKEN");
    struct record *r = argc > 2 ? record_open(argv[1]) : NULL;
    if (!r || !token_text) {
        (void)fprintf(stderr, "usage: worker RECORD PLAYER [daemon]\n");
        return 64;
    }
    unsigned player = (unsigned)strtoul(argv[2], NULL, 10);
    int64_t token = strtoll(token_text, NULL, 10);
    struct record_slot *slot = record_begin(r, player, token, false);
    if (!slot)
        return 1;
    if (token % 2)
        (void)signal(SIGTERM, SIG_IGN);
    if (argc > 3 && strcmp(argv[3], "daemon") == 0)
        leave_daemon(r, player, token);
    act(r, slot);
}
