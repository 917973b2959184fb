/* small_pipe.h: a pipe that is soon full, and what came through it. */
#ifndef SMALL_PIPE_H
#define SMALL_PIPE_H

/* Several pages: a page that is used in part is not room, for poll(). */
enum { SMALL_PIPE_BYTES = 16 * 4096 };

struct small_pipe {
    int reader; /* does not block; -1: gone */
    int writer;
    char text[SMALL_PIPE_BYTES + 1];
};

void small_pipe_open(struct small_pipe *p);
void small_pipe_close(struct small_pipe *p);
void small_pipe_close_reader(struct small_pipe *p);

/* What came through since the last call. */
const char *small_pipe_read(struct small_pipe *p);

/* Leave room for nothing; take that out again, which must be all there is. */
void small_pipe_fill(struct small_pipe *p);
void small_pipe_empty(struct small_pipe *p);

#endif
