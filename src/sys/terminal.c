/* terminal.c: see terminal.h. Needs SIGTTOU ignored, as signals_init() has it:
 * else who is in the background is stopped when it wants the foreground. */
#include "sys/terminal.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static bool is_ours(void)
{
    return tcgetpgrp(STDIN_FILENO) == getpgrp();
}

void terminal_lend(struct terminal *t)
{
    t->lent = is_ours();
    t->has_modes = t->lent && tcgetattr(STDIN_FILENO, &t->modes) == 0;
}

/* A job of the command's may be in the foreground, too, and may be dead. */
void terminal_take_back(struct terminal *t, pid_t group, bool restore)
{
    if (!t->lent)
        return;
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    bool dead = foreground > 0 && kill(-foreground, 0) < 0 && errno == ESRCH;
    if (foreground != group && !dead)
        return;
    (void)tcsetpgrp(STDIN_FILENO, getpgrp());
    if (restore && t->has_modes)
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &t->modes);
}

void terminal_lend_again(struct terminal *t, pid_t group)
{
    if (t->lent && is_ours())
        (void)tcsetpgrp(STDIN_FILENO, group);
}
