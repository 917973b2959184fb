/* number.h: whole numbers as people and variables write them. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Digits only, no sign, no leading zero: nothing that could mean something
 * else to another program.
 * least  0 or more
 * Returns whether it is one, from least to most; sets *ret_number then. */
bool number_parse(const char *text, int64_t least, int64_t most,
                  int64_t *ret_number);

#endif
