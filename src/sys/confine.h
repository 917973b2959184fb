/* confine.h: a process that gives up what it does not need.
 */
#ifndef CONFINE_H
#define CONFINE_H

/* From here on neither this process nor one that it forks can become another
 * program, or gain rights by one: whoever got hold of it finds no shell. For
 * good, so only where nothing is ever executed.
 * The kernel, or a tracer such as valgrind, may know less of it; then that part
 * is left out. */
void confine_no_programs(void);

#endif
