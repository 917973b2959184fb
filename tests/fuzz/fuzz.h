/* fuzz.h: what a fuzzer defines, and how it says that something is wrong. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer, or replay.c, calls this with one input after the other. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Unlike assert() it is there in every build. */
#define CHECK(holds)                                                           \
    do {                                                                       \
        if (!(holds)) {                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #holds);        \
            abort();                                                           \
        }                                                                      \
    } while (0)

#endif
