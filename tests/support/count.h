/* count.h: in a build that counts which lines are run (COVERAGE=1), read by the
 * compiler before each file of src, in which _exit is then count_exit. The
 * counts are written when a process ends by exit(3) or becomes another program;
 * this writes them for _exit(2) too. What a signal kills is not counted. */
#ifndef TESTS_SUPPORT_COUNT_H
#define TESTS_SUPPORT_COUNT_H

void __gcov_dump(void); /* libgcov's */
_Noreturn void _Exit(int status);

_Noreturn static inline void count_exit(int status)
{
    __gcov_dump();
    _Exit(status);
}

#endif
