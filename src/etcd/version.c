/* version.c: see version.h. */
#include "etcd/version.h"

enum { PARTS = 3, PART_MAX = 1000000 };

/* The next number of `text` from *at on; false: there is none. */
static bool next_number(struct etcd_bytes text, size_t *at, unsigned *ret)
{
    unsigned number = 0;
    size_t begin = *at;
    while (*at < text.size && text.data[*at] >= '0' && text.data[*at] <= '9') {
        number = number * 10 + (unsigned)(text.data[(*at)++] - '0');
        if (number > PART_MAX)
            return false;
    }
    *ret = number;
    return *at > begin;
}

bool version_keeps_leases(struct etcd_bytes version)
{
    unsigned parts[PARTS];
    size_t at = 0;
    for (int i = 0; i < PARTS; i++) {
        if (i > 0 && (at == version.size || version.data[at] != '.'))
            return true;
        at += i > 0; /* the point */
        if (!next_number(version, &at, &parts[i]))
            return true;
    }
    if (parts[0] != 3)
        return parts[0] > 3;
    if (parts[1] == 4)
        return parts[2] >= 31;
    if (parts[1] == 5)
        return parts[2] >= 13;
    return parts[1] > 5;
}
