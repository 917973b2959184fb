/* page.h: the files of the page for people, which are built into the program
 * from src/serve/page/. */
#ifndef PAGE_H
#define PAGE_H

#include <stddef.h>

/* It may load what it brings along, and nothing else. */
#define PAGE_POLICY                                                            \
    "default-src 'none'; script-src 'self'; style-src 'self'; "                \
    "connect-src 'self'; img-src data:; base-uri 'none'; "                     \
    "form-action 'none'; frame-ancestors 'none'"

struct page_file {
    const char *path; /* "/", "/page.css", ... */
    const char *type; /* its content type */
    const char *data;
    size_t bytes;
};

/* NULL: there is no such file. */
const struct page_file *page_find(const char *path, struct page_file *ret_file);

#endif
