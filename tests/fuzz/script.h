/* script.h: a fuzzer's input, read as steps of a play, and the world of that
 * play: its time is the script's, its chance always the same, and its memory
 * may end.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SCRIPT_TEXT_BYTES_MAX = 4096 };

struct script {
    const uint8_t *data;
    size_t size;
};

/* 0 when there is nothing left. */
uint8_t script_byte(struct script *s);

/* All up to the next NUL byte, or to the end, as a string.
 * ret_text  SCRIPT_TEXT_BYTES_MAX bytes. Returns how many it has. */
size_t script_text(struct script *s, char *ret_text);

/* Begin anew: what clock_now_ms() says, of everyone, and getrandom(2). The
 * fuzzers are linked with --wrap for both, and for what gives memory. */
void script_begin(struct script *s, const uint8_t *data, size_t size);
void script_pass_time(int64_t ms);

/* Let a connection be forgotten at once when it is closed: so many runs would
 * leave no port to others. */
void script_forget_connection(int fd);

/* From now on the n-th allocation of memory fails, of ours, libcurl's and
 * cJSON's; 0: none. */
void script_lose_memory(unsigned n);
/* None fails any more, but for what has failed already. */
void script_keep_memory(void);
/* How many there are in the next run before it reads more of the script than
 * these first bytes, which another input has as well. */
void script_know(size_t bytes);
unsigned script_known_allocations(void);
/* Whether it has failed. */
bool script_lost_memory(void);

#endif
