/* replay.c: runs a fuzzer over its corpus, without libFuzzer.
 *
 * So every compiler and every `make test` tries the inputs that were worth
 * keeping; each also without memory at each point where it asks for some. Where
 * a script begins as another one does, these points are tried once. Reports as
 * one test in TAP; the input that was tried last is the one that crashes.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/script.h"

enum {
    INPUTS_MAX = 400,
    INPUT_BYTES_MAX = 4 * 1024 * 1024,
    LOSSES_MAX = 10000, /* no input needs so many allocations */
};

struct input {
    char *path;
    uint8_t *data; /* from memory that ends where it does */
    size_t size;
};

/* Once as it is, then with its first allocation failing, its second, ... until
 * there are no more. Returns how many there are.
 * known  so many first bytes were tried with another input. */
static unsigned replay_input(const struct input *input, size_t known)
{
    script_lose_memory(0);
    script_know(known);
    LLVMFuzzerTestOneInput(input->data, input->size);
    unsigned n = script_known_allocations();
    do {
        CHECK(++n < LOSSES_MAX);
        script_lose_memory(n);
        LLVMFuzzerTestOneInput(input->data, input->size);
    } while (script_lost_memory());
    script_lose_memory(0);
    return n - 1;
}

static bool read_input(const char *path, struct input *ret_input)
{
    static uint8_t data[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        printf("# %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t size = fread(data, 1, sizeof data, file);
    bool whole = !ferror(file) && feof(file);
    (void)fclose(file);
    struct input input = { strdup(path), malloc(size > 0 ? size : 1), size };
    if (!whole || !input.path || !input.data) {
        printf("# %s: cannot be read\n", path);
        free(input.path);
        free(input.data);
        return false;
    }
    memcpy(input.data, data, size);
    *ret_input = input;
    return true;
}

static size_t same_bytes(const struct input *a, const struct input *b)
{
    size_t n = 0;
    while (n < a->size && n < b->size && a->data[n] == b->data[n])
        n++;
    return n;
}

/* Those that begin alike stand side by side. */
static int order(const void *one, const void *two)
{
    const struct input *a = one, *b = two;
    size_t n = same_bytes(a, b);
    if (n == a->size || n == b->size)
        return (a->size > b->size) - (a->size < b->size);
    return a->data[n] - b->data[n];
}

static void replay_all(struct input *inputs, size_t n)
{
    qsort(inputs, n, sizeof *inputs, order);
    for (size_t i = 0; i < n; i++) {
        printf("# %s\n", inputs[i].path);
        (void)fflush(stdout);
        size_t known = i > 0 ? same_bytes(&inputs[i - 1], &inputs[i]) : 0;
        printf("#   %u allocations\n", replay_input(&inputs[i], known));
    }
}

static void free_all(struct input *inputs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(inputs[i].path);
        free(inputs[i].data);
    }
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The folder is named after the program: fuzz_X has tests/fuzz/corpus/X.
 * Returns how many inputs it has; -1: one cannot be read. */
static int read_corpus(const char *program, struct input *ret_inputs)
{
    const char *name = strrchr(program, '/');
    name = name ? name + 1 : program;
    char folder[256];
    (void)snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s",
                   name + strcspn(name, "_") + 1);
    struct dirent **entries;
    int n = scandir(folder, &entries, is_visible, alphasort);
    if (n < 0 || n > INPUTS_MAX) {
        printf("# %s: %s\n", folder, n < 0 ? strerror(errno) : "too many");
        return -1;
    }
    bool good = true;
    for (int i = 0; i < n; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        good = good && read_input(path, &ret_inputs[i]);
        free(entries[i]);
    }
    free((void *)entries);
    return good ? n : -1;
}

int main(int argc, char **argv)
{
    static struct input inputs[INPUTS_MAX];
    printf("1..1\n");
    int n = argc == 1 ? read_corpus(argv[0], inputs) : 0;
    for (int i = 1; i < argc && n >= 0; i++)
        n = n < INPUTS_MAX && read_input(argv[i], &inputs[n]) ? n + 1 : -1;
    if (n > 0)
        replay_all(inputs, (size_t)n);
    free_all(inputs, n > 0 ? (size_t)n : 0);
    printf("%s 1 - inputs_of_the_corpus_still_pass (%d)\n",
           n > 0 ? "ok" : "not ok", n);
    return n > 0 ? 0 : 1;
}
