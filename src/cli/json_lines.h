/* json_lines.h: what happens and how an election stands, as JSON: one object a
 * line. candidate(1) documents the schema.
 */
#ifndef JSON_LINES_H
#define JSON_LINES_H

#include "candidate.h"
#include "sys/json_text.h"

enum {
    JSON_LINES_SCHEMA = 1, /* grows when a member changes its meaning or goes;
                              further ones may come any time */
    JSON_LINES_VIEW_BYTES_MAX = 1024 * 1024, /* of a view, at its largest */
};

/* An event of whoever takes part, without a line end. */
void json_lines_event(struct json_text *j, const struct candidate_event *event,
                      const char *id, const char *election);

/* The beginning of that: who takes part. */
void json_lines_begin(struct json_text *j, const char *id,
                      const char *election);

/* The word for a change. */
const char *json_lines_word(enum candidate_change change);

/* The beginning of any line. */
void json_lines_head(struct json_text *j, const char *type, int64_t at_ms,
                     const char *election);

/* A token or a lease; 0 is null. */
void json_lines_token(struct json_text *j, const char *name, int64_t token);
void json_lines_lease(struct json_text *j, const char *name, int64_t lease);

/* The beginning of a line about a view, for further members: type, and state
 * of the view without queue and members. */
void json_lines_open(struct json_text *j, const char *type,
                     const struct candidate_view *view);

/* A view; type: what it is about. */
void json_lines_view(struct json_text *j, const char *type,
                     const struct candidate_view *view);

/* A moment of CLOCK_BOOTTIME on the wall's clock, in ms since 1970. */
int64_t json_lines_wall_ms(int64_t at_ms);

#endif
