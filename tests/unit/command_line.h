/* command_line.h: tries arguments on options_parse(). */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include "cli/options.h"

/* A test's setup: without any variable that counts. */
int command_line_setup(void **state);

/* argv ends with NULL. */
int command_line_parse(struct options *ret_options, struct candidate_error *err,
                       char *argv[]);

/* The arguments are refused in these words, and the output is untouched. */
void command_line_refuses(const char *words, char *argv[]);

/* The same for arguments in place, without the program's name. */
#define PARSE(o, err, ...)                                                     \
    command_line_parse((o), (err), (char *[]){ "candidate", __VA_ARGS__, NULL })
#define REFUSES(words, ...)                                                    \
    command_line_refuses((words), (char *[]){ "candidate", __VA_ARGS__, NULL })

#endif
