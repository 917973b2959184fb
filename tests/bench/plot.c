/* plot.c: see plot.h. */
#include <math.h>
#include <stdio.h>

#include "plot.h"

enum {
    WIDTH = 720,
    TOP = 50,    /* below title and legend */
    LEFT = 190,  /* names of bars */
    RIGHT = 110, /* their values */
    BAR_HEIGHT = 18,
    BAR_STEP = 28,
    AREA_HEIGHT = 260,
    AREA_LEFT = 60,
    AREA_RIGHT = 180, /* names of lines */
    LABEL_STEP = 16,
};

static const char head[] =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
    " font-family=\"sans-serif\" font-size=\"13\">\n"
    "<style>\n"
    "text { fill: #222 } .grid { stroke: #ccc } .other { fill: #8a919c }\n"
    ".ours { fill: #2f74d0 } .far { stroke: #555 }\n"
    ".line { fill: none; stroke: #8a919c; stroke-width: 2 }\n"
    ".line.best { stroke: #2f74d0; stroke-width: 3 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    "  text { fill: #ddd } .grid { stroke: #444 } .far { stroke: #bbb }\n"
    "  .ours { fill: #5c9df2 } .line.best { stroke: #5c9df2 }\n"
    "}\n"
    "</style>\n"
    "<text x=\"8\" y=\"20\" font-size=\"15\" font-weight=\"bold\">%s</text>\n"
    "<text x=\"8\" y=\"38\" font-size=\"12\">%s</text>\n";

static FILE *begin(const char *folder, const struct plot *plot, int height)
{
    char path[PLOT_PATH_BYTES_MAX];
    (void)snprintf(path, sizeof path, "%s/%s.svg", folder, plot->file);
    FILE *out = fopen(path, "we");
    if (out)
        (void)fprintf(out, head, WIDTH, height, plot->title, plot->legend);
    return out;
}

static int end(FILE *out)
{
    (void)fprintf(out, "</svg>\n");
    bool bad = ferror(out);
    return fclose(out) != 0 || bad ? -1 : 0;
}

/* As few digits as say enough. */
static int digits(double value)
{
    return value < 10 ? 2 : value < 100 ? 1 : 0;
}

int plot_bars(const char *folder, const struct plot *plot,
              const struct plot_bar *bars, size_t bars_n)
{
    double most = 0;
    for (size_t i = 0; i < bars_n; i++)
        most = fmax(most, fmax(bars[i].value, bars[i].far));
    FILE *out = begin(folder, plot, TOP + (int)bars_n * BAR_STEP + 8);
    if (!out)
        return -1;
    double scale = most > 0 ? (WIDTH - LEFT - RIGHT) / most : 0;
    for (size_t i = 0; i < bars_n; i++) {
        const struct plot_bar *bar = &bars[i];
        int top = TOP + (int)i * BAR_STEP;
        int middle = top + BAR_HEIGHT / 2;
        (void)fprintf(
            out,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n"
            "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\""
            " height=\"%d\"/>\n"
            "<path class=\"far\" d=\"M%.1f %dH%.1f\"/>\n"
            "<text x=\"%.1f\" y=\"%d\">%.*f / %.*f</text>\n",
            LEFT - 8, middle + 5, bar->name, bar->ours ? "ours" : "other", LEFT,
            top, bar->value * scale, BAR_HEIGHT,
            (double)LEFT + bar->value * scale, middle,
            (double)LEFT + bar->far * scale,
            (double)LEFT + fmax(bar->value, bar->far) * scale + 8, middle + 5,
            digits(bar->value), bar->value, digits(bar->far), bar->far);
    }
    return end(out);
}

/* ---- lines ---- */

struct area {
    double x_first, x_last;
    double y_first, y_last; /* powers of ten */
};

static double x_of(const struct area *area, double x)
{
    double share = log10(x / area->x_first) /
        log10(area->x_last / area->x_first);
    return (double)AREA_LEFT + share * (double)(WIDTH - AREA_LEFT - AREA_RIGHT);
}

static double y_of(const struct area *area, double y)
{
    double share = log10(y / area->y_first) /
        log10(area->y_last / area->y_first);
    return (double)TOP + (1 - share) * (double)AREA_HEIGHT;
}

static void draw_grid(FILE *out, const struct area *area, const double *xs,
                      size_t xs_n)
{
    int powers_n = (int)lround(log10(area->y_last / area->y_first));
    for (int i = 0; i <= powers_n; i++) {
        double y = area->y_first * pow(10, i);
        (void)fprintf(out,
                      "<path class=\"grid\" d=\"M%d %.1fH%d\"/>\n"
                      "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>"
                      "\n",
                      AREA_LEFT, y_of(area, y), WIDTH - AREA_RIGHT,
                      AREA_LEFT - 8, y_of(area, y) + 5, y);
    }
    for (size_t i = 0; i < xs_n; i++)
        (void)fprintf(out,
                      "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%g"
                      "</text>\n",
                      x_of(area, xs[i]), TOP + AREA_HEIGHT + 20, xs[i]);
}

/* The name stands at its end, but not on one that stands there already. */
static void draw_line(FILE *out, const struct area *area, const double *xs,
                      size_t xs_n, const struct plot_line *line,
                      double *label_y)
{
    double x = 0;
    double y = 0;
    (void)fprintf(out, "<path class=\"line%s\" d=\"",
                  line->ours ? " best" : "");
    for (size_t i = 0; i < xs_n; i++) {
        if (line->values[i] <= 0)
            continue;
        (void)fprintf(out, "%c%.1f %.1f", x > 0 ? 'L' : 'M', x_of(area, xs[i]),
                      y_of(area, line->values[i]));
        x = x_of(area, xs[i]);
        y = y_of(area, line->values[i]);
    }
    if (y + 5 < *label_y + (double)LABEL_STEP)
        y = *label_y + (double)LABEL_STEP - 5;
    *label_y = y + 5;
    (void)fprintf(out, "\"/>\n<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>\n", x + 8,
                  *label_y, line->ours ? " font-weight=\"bold\"" : "",
                  line->name);
}

static double last_value(const struct plot_line *line, size_t n)
{
    double last = 0;
    for (size_t i = 0; i < n; i++)
        if (line->values[i] > 0)
            last = line->values[i];
    return last;
}

/* The next one to draw, the highest first; NULL: all are drawn. */
static const struct plot_line *next_lower(const struct plot_line *lines,
                                          size_t lines_n, size_t xs_n,
                                          double below)
{
    const struct plot_line *found = NULL;
    for (size_t i = 0; i < lines_n; i++) {
        double last = last_value(&lines[i], xs_n);
        if (last > 0 && last < below &&
            (!found || last > last_value(found, xs_n)))
            found = &lines[i];
    }
    return found;
}

int plot_lines(const char *folder, const struct plot *plot, const double *xs,
               size_t xs_n, const struct plot_line *lines, size_t lines_n)
{
    double least = HUGE_VAL;
    double most = 0;
    for (size_t i = 0; i < lines_n; i++) {
        for (size_t k = 0; k < xs_n; k++) {
            double value = lines[i].values[k];
            least = value > 0 ? fmin(least, value) : least;
            most = fmax(most, value);
        }
    }
    FILE *out = begin(folder, plot, TOP + AREA_HEIGHT + 32);
    if (!out)
        return -1;
    struct area area = { xs[0], xs[xs_n - 1], pow(10, floor(log10(least))),
                         pow(10, ceil(log10(most))) };
    draw_grid(out, &area, xs, xs_n);
    double label_y = 0;
    double below = HUGE_VAL;
    const struct plot_line *line;
    while ((line = next_lower(lines, lines_n, xs_n, below))) {
        below = last_value(line, xs_n);
        draw_line(out, &area, xs, xs_n, line, &label_y);
    }
    return end(out);
}
