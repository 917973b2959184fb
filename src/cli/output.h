/* output.h: the only writer of standard output: what happens, line by line.
 *
 * The lines are a contract, byte for byte. Each goes out in one write(2), as
 * soon as whoever reads takes it; until then it waits in a bounded queue, so
 * that a stuck reader delays no renewal. Only output_drain() blocks.
 */
#ifndef OUTPUT_H
#define OUTPUT_H

#include "candidate.h"

enum {
    OUTPUT_LINES_MAX = 128,       /* that wait; one more is an error */
    OUTPUT_LINE_BYTES_MAX = 3072, /* longer ones are cut and end in "..." */
    OUTPUT_DRAIN_MS = 2000,       /* the reader's time at the end */
};

enum output_kind {
    OUTPUT_PLAIN,
    OUTPUT_CLAIM,  /* written only while we lead */
    OUTPUT_PROMPT, /* written only behind its claim */
};

struct output_line {
    enum output_kind kind;
    size_t bytes;
    char text[OUTPUT_LINE_BYTES_MAX];
};

struct output {
    int fd; /* -1: failed */
    bool no_prompt;
    unsigned first, n;
    size_t written;      /* bytes of the first line */
    bool retracted;      /* the last claim was not written */
    const char *json_id; /* events are lines of JSON, of this candidate */
    const char *json_election;
    const char *data; /* borrowed; written when no line waits */
    size_t data_bytes;
    struct candidate_error error;
    struct output_line lines[OUTPUT_LINES_MAX];
};

/* fd is borrowed. */
void output_init(struct output *o, int fd);

/* Nobody reads a keyboard: tell nobody to press ENTER. */
void output_no_prompt(struct output *o);

/* Queue lines: each line of a text; who takes part; what an event says, if it
 * says anything here. */
void output_text(struct output *o, const char *text);
void output_begin(struct output *o, const char *id);
void output_event(struct output *o, const struct candidate_event *event);

/* Bytes as they are, behind the lines that wait, in as many pieces as it takes.
 * They are borrowed until output_busy() is false. Not while they wait. */
void output_bytes(struct output *o, const char *data, size_t bytes);
bool output_busy(const struct output *o);

/* Say events, notices too, as lines of JSON; see json_lines.h. Borrowed. */
void output_json(struct output *o, const char *id, const char *election);

/* Write what the reader takes now. A claim to lead is written only if c leads
 * at that very instant, and is dropped otherwise; c may be NULL while nothing
 * but text was queued. */
void output_flush(struct output *o, const struct candidate *c);

/* What to wait for before the next output_flush(): room while lines wait, and
 * in any case the end of the reader, of which output_polled() is to be told. */
struct pollfd output_pollfd(const struct output *o);
void output_polled(struct output *o, const struct pollfd *polled);

/* Write all that waits, for timeout_ms at most. Blocks: not for a leader,
 * whose renewals it would delay. */
void output_drain(struct output *o, const struct candidate *c, int timeout_ms);

/* Why nothing can be written any more: the reader is gone or stuck, the disk
 * is full. NULL while all is well. After a failure the functions above do
 * nothing. */
const char *output_error(const struct output *o);

#endif
