/* execute.h: become another program. */
#ifndef EXECUTE_H
#define EXECUTE_H

/* As execvp(3), with the environment of this process; but a file that is no
 * program is not run by a shell.
 * argv  looked up in PATH; ends with NULL
 * Returns only on failure: its errno. */
int execute(char *const *argv);

#endif
