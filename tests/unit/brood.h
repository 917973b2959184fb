/* brood.h: descendants of all kinds, to be killed. Each test plays in a child,
 * whose descendants they are. A pipe tells that nobody is left: its reader
 * finds the end when every process that has the other end is gone.
 */
#ifndef BROOD_H
#define BROOD_H

#include <stdbool.h>
#include <sys/types.h>

enum {
    BROOD_LIMIT_MS = 30000, /* machines are noisy */
    BROOD_DEPTH = 20,
};

/* One end of a pipe for the descendants, one for whoever looks. */
extern int brood_alive[2];

/* Else the child that plays ends. */
void brood_require(bool holds, int line);
#define BROOD_REQUIRE(holds) brood_require(holds, __LINE__)

/* Play in a child, which must find everything as it should be; with brood_run()
 * one that adopts orphans. */
void brood_run_alone(void (*play)(void));
void brood_run(void (*play)(void));

/* Start body() in a child, which is at work when this returns: it has called
 * brood_say_ready(). */
pid_t brood_start(void (*body)(void));
void brood_say_ready(void);

/* Should the test fail, nobody stays behind. */
_Noreturn void brood_wait_for_ever(void);

/* What such a child may do: nothing; have a child that has a child, and so on;
 * the same as the guardian does it, to whom orphans come; with an heir above. */
void brood_idle(void);
void brood_deepen(void);
void brood_adopt_deep(void);
void brood_be_heir(void);

/* All are gone but these. */
void brood_kill_all(const pid_t *spare, unsigned spare_n);

#endif
