/* figures.c: see figures.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "figures.h"

void figures_add(struct figures *f, enum figures_row row,
                 enum figures_column column, double value)
{
    struct figures_cell *cell = &f->cells[row][column];
    assert_true(cell->n < FIGURES_VALUES_MAX);
    cell->values[cell->n++] = value;
}

static int compare(const void *a, const void *b)
{
    const double *first = a;
    const double *second = b;
    return (*first > *second) - (*first < *second);
}

double figures_quantile(const struct figures *f, enum figures_row row,
                        enum figures_column column, double share)
{
    struct figures_cell sorted = f->cells[row][column];
    if (sorted.n == 0)
        return 0;
    qsort(sorted.values, sorted.n, sizeof *sorted.values, compare);
    size_t rank = (size_t)(share * (double)sorted.n);
    return sorted.values[rank < sorted.n ? rank : sorted.n - 1];
}

double figures_median(const struct figures *f, enum figures_row row,
                      enum figures_column column)
{
    return figures_quantile(f, row, column, 0.5);
}

bool figures_has(const struct figures *f, enum figures_row row,
                 enum figures_column column)
{
    return f->cells[row][column].n > 0;
}
