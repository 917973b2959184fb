/* page.c: see page.h. The assembler reads the files; the compiler runs in the
 * tree's root. */
#include "serve/page.h"

#include <string.h>

#define PAGE_FILE(name, file)                                                  \
    __asm__(".pushsection .rodata\n"                                           \
            ".hidden page_" #name "\n"                                         \
            ".hidden page_" #name "_end\n"                                     \
            ".global page_" #name "\n"                                         \
            ".global page_" #name "_end\n"                                     \
            "page_" #name ": .incbin \"src/serve/page/" file "\"\n"            \
            "page_" #name "_end:\n"                                            \
            ".popsection\n");                                                  \
    extern const char page_##name[], page_##name##_end[]

PAGE_FILE(html, "index.html");
PAGE_FILE(css, "page.css");
PAGE_FILE(js, "page.js");

const struct page_file *page_find(const char *path, struct page_file *ret_file)
{
    const struct {
        const char *path, *type, *begin, *end;
    } files[] = {
        { "/", "text/html; charset=utf-8", page_html, page_html_end },
        { "/page.css", "text/css; charset=utf-8", page_css, page_css_end },
        { "/page.js", "text/javascript; charset=utf-8", page_js, page_js_end },
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        if (strcmp(files[i].path, path) != 0)
            continue;
        *ret_file = (struct page_file){
            .path = files[i].path,
            .type = files[i].type,
            .data = files[i].begin,
            .bytes = (size_t)(files[i].end - files[i].begin),
        };
        return ret_file;
    }
    return NULL;
}
