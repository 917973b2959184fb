/* plot.h: plots as SVG, for a light and a dark page. */
#ifndef PLOT_H
#define PLOT_H

#include <stdbool.h>
#include <stddef.h>

enum { PLOT_POINTS_MAX = 8, PLOT_PATH_BYTES_MAX = 4096 };

struct plot_bar {
    const char *name;
    double value;
    double far; /* a thin line goes on to here */
    bool ours;
};

/* One value for each x; 0: there is none. */
struct plot_line {
    const char *name;
    double values[PLOT_POINTS_MAX];
    bool ours;
};

struct plot {
    const char *file; /* its name without .svg */
    const char *title;
    const char *legend;
};

/* Bars from left to right, below each other. Returns 0 or -1, with errno. */
int plot_bars(const char *folder, const struct plot *plot,
              const struct plot_bar *bars, size_t bars_n);

/* Lines over xs, both axes logarithmic. */
int plot_lines(const char *folder, const struct plot *plot, const double *xs,
               size_t xs_n, const struct plot_line *lines, size_t lines_n);

#endif
