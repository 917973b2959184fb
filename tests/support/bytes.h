/* bytes.h: the bytes of a literal, NULs included, as the codec takes them. */
#ifndef BYTES_H
#define BYTES_H

#include "etcd/codec.h"

/* The versions of clang-format differ about where to break this. */
/* clang-format off */
#define BYTES(text) { .data = (text), .size = sizeof(text) - 1 }
/* clang-format on */

#endif
