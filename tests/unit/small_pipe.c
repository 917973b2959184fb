/* small_pipe.c: see small_pipe.h. */
#include "small_pipe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void small_pipe_open(struct small_pipe *p)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    p->reader = ends[0];
    p->writer = ends[1];
    assert_int_equal(fcntl(p->writer, F_SETPIPE_SZ, SMALL_PIPE_BYTES),
                     SMALL_PIPE_BYTES);
    assert_int_equal(fcntl(p->reader, F_SETFL, O_NONBLOCK), 0);
}

void small_pipe_close_reader(struct small_pipe *p)
{
    close(p->reader);
    p->reader = -1;
}

void small_pipe_close(struct small_pipe *p)
{
    if (p->reader >= 0)
        small_pipe_close_reader(p);
    close(p->writer);
}

const char *small_pipe_read(struct small_pipe *p)
{
    ssize_t n = read(p->reader, p->text, sizeof p->text - 1);
    p->text[n > 0 ? n : 0] = '\0';
    return p->text;
}

void small_pipe_fill(struct small_pipe *p)
{
    char filler[SMALL_PIPE_BYTES];
    memset(filler, '#', sizeof filler);
    assert_int_equal(write(p->writer, filler, sizeof filler), SMALL_PIPE_BYTES);
}

void small_pipe_empty(struct small_pipe *p)
{
    assert_int_equal(strlen(small_pipe_read(p)), SMALL_PIPE_BYTES);
}
