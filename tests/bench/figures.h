/* figures.h: what was measured of whom.
 *
 * A row is a thing that is measured, a column who was; each cell has as many
 * values as there were measurements. */
#ifndef FIGURES_H
#define FIGURES_H

#include <stdbool.h>
#include <stddef.h>

enum { FIGURES_VALUES_MAX = 1024 };

enum figures_row {
    FIGURES_START,
    FIGURES_HANDOVER_1, /* with so many waiters */
    FIGURES_HANDOVER_10,
    FIGURES_HANDOVER_100,
    FIGURES_HANDOVER_1000,
    FIGURES_CRASH_GUARDED,
    FIGURES_CRASH,
    FIGURES_PRIVATE,
    FIGURES_RSS,
    FIGURES_REVISIONS,
    FIGURES_ENTRIES,
    FIGURES_REQUESTS,
    FIGURES_CPU,
    FIGURES_ROWS_N,
};

enum figures_column {
    FIGURES_CANDIDATE,
    FIGURES_STATIC, /* candidate as `make static` links it */
    FIGURES_ELECT,
    FIGURES_LOCK,
    FIGURES_GO,
    FIGURES_NODE,
    FIGURES_FLOOR, /* the two commits by themselves */
    FIGURES_COLUMNS_N,
};

struct figures_cell {
    double values[FIGURES_VALUES_MAX];
    size_t n;
};

struct figures {
    struct figures_cell cells[FIGURES_ROWS_N][FIGURES_COLUMNS_N];
};

/* Fails the running cmocka test when a cell is full. */
void figures_add(struct figures *f, enum figures_row row,
                 enum figures_column column, double value);

/* The value below which this share of a cell's values lies, of 0.5 the median
 * and of 0.99 the largest unless there are a hundred. 0: it is empty. */
double figures_quantile(const struct figures *f, enum figures_row row,
                        enum figures_column column, double share);
double figures_median(const struct figures *f, enum figures_row row,
                      enum figures_column column);
bool figures_has(const struct figures *f, enum figures_row row,
                 enum figures_column column);

#endif
