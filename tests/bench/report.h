/* report.h: what was measured, as a table in Markdown and as plots. */
#ifndef REPORT_H
#define REPORT_H

#include <stdio.h>

#include "heats.h"

/* The table, who was not tried, and what was aimed at. */
void report_table(FILE *out, const struct heats *h);
/* Plots into a folder. Returns 0 or -1, with errno. */
int report_plots(const char *folder, const struct heats *h);

#endif
