/* replay.c: runs a fuzzer over its corpus, without libFuzzer.
 *
 * So every compiler and every `make test` tries the inputs that were worth
 * keeping; each also without memory at each point where it asks for some. Reports as one test in TAP; the input that was tried last is the
 * one that crashes.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/script.h"

enum {
    INPUT_BYTES_MAX = 4 * 1024 * 1024,
    LOSSES_MAX = 10000, /* no input needs so many allocations */
};

/* Once as it is, then with its first allocation failing, its second, ... until
 * there are no more. Returns how many there are. */
static unsigned replay_input(const uint8_t *input, size_t size)
{
    unsigned n = 0;
    script_lose_memory(0);
    LLVMFuzzerTestOneInput(input, size);
    do {
        CHECK(++n < LOSSES_MAX);
        script_lose_memory(n);
        LLVMFuzzerTestOneInput(input, size);
    } while (script_lost_memory());
    script_lose_memory(0);
    return n - 1;
}

/* Run one input, from memory that ends where it does. */
static bool replay_file(const char *path)
{
    static uint8_t input[INPUT_BYTES_MAX];
    FILE *file = fopen(path, "rb");
    if (!file) {
        printf("# %s: %s\n", path, strerror(errno));
        return false;
    }
    size_t size = fread(input, 1, sizeof input, file);
    bool whole = !ferror(file) && feof(file);
    (void)fclose(file);
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (!whole || !exact) {
        printf("# %s: cannot be read\n", path);
        free(exact);
        return false;
    }
    memcpy(exact, input, size);
    printf("# %s\n", path);
    (void)fflush(stdout);
    printf("#   %u allocations\n", replay_input(exact, size));
    free(exact);
    return true;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* Returns how many inputs were run; -1: one could not be. */
static int replay_folder(const char *folder)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, is_visible, alphasort);
    if (n < 0) {
        printf("# %s: %s\n", folder, strerror(errno));
        return -1;
    }
    bool good = true;
    for (int i = 0; i < n; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
        good = replay_file(path) && good;
        free(entries[i]);
    }
    free((void *)entries);
    return good ? n : -1;
}

/* The folder is named after the program: fuzz_X has tests/fuzz/corpus/X. */
static int replay_corpus(const char *program)
{
    const char *name = strrchr(program, '/');
    name = name ? name + 1 : program;
    char folder[256];
    (void)snprintf(folder, sizeof folder, "tests/fuzz/corpus/%s",
                   name + strcspn(name, "_") + 1);
    return replay_folder(folder);
}

int main(int argc, char **argv)
{
    printf("1..1\n");
    int n = 0;
    if (argc == 1)
        n = replay_corpus(argv[0]);
    for (int i = 1; i < argc && n >= 0; i++)
        n = replay_file(argv[i]) ? n + 1 : -1;
    bool good = n > 0;
    printf("%s 1 - inputs_of_the_corpus_still_pass (%d)\n",
           good ? "ok" : "not ok", n);
    return good ? 0 : 1;
}
