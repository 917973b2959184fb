/* supervision_signals.c: signals that have come, and where they go. */
#include <signal.h>

#include "run/supervision_private.h"

static void leave(struct supervision *s, const struct candidate *c, int number)
{
    supervision_step(
        s, c,
        &(struct supervise_event){ .type = SUPERVISE_LEAVE, .signal = number });
}

static void pass(struct supervision *s, const struct candidate *c, int number)
{
    supervision_step(
        s, c,
        &(struct supervise_event){ .type = SUPERVISE_PASS, .signal = number });
}

/* What has no meaning without a command does what it does to anybody. */
static void obey(struct supervision *s, const struct candidate *c, int number)
{
    if (supervise_idle(&s->machine))
        signals_obey(s->signals, number);
    else if (number == SIGINT)
        leave(s, c, number);
    else
        pass(s, c, number);
}

void supervision_signal(struct supervision *s, const struct candidate *c,
                        int number)
{
    switch (number) {
    case SIGTERM:
    case SIGHUP:
        leave(s, c, number);
        break;
    case SIGINT:
    case SIGTSTP:
        obey(s, c, number);
        break;
    case SIGCONT:
        if (s->command > 0)
            terminal_lend_again(&s->terminal, s->command);
        pass(s, c, number);
        break;
    case SIGUSR1:
    case SIGUSR2:
    case SIGWINCH:
        pass(s, c, number);
        break;
    default: /* SIGCHLD: the next turn looks */
        break;
    }
}
