/* record.c: see record.h. */
#include "record.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct record *record_open(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return NULL;
    void *memory = MAP_FAILED;
    if (ftruncate(fd, sizeof(struct record)) == 0)
        memory = mmap(NULL, sizeof(struct record), PROT_READ | PROT_WRITE,
                      MAP_SHARED, fd, 0);
    close(fd);
    return memory == MAP_FAILED ? NULL : memory;
}

int64_t record_now_ns(void)
{
    struct timespec now = { 0 };
    (void)syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct record_slot *record_begin(struct record *r, unsigned player,
                                 int64_t token, bool daemon)
{
    uint32_t number = atomic_fetch_add(&r->slots_n, 1);
    if (number >= RECORD_SLOTS_MAX)
        return NULL;
    struct record_slot *slot = &r->slots[number];
    slot->player = player;
    slot->pid = getpid();
    slot->daemon = daemon;
    slot->token = token;
    slot->started_ns = record_now_ns();
    atomic_store(&slot->alive_ns, slot->started_ns);
    return slot;
}

static bool write_register(struct record *r, int64_t token)
{
    int64_t seen = atomic_load(&r->register_token);
    do {
        if (token < seen)
            return false;
    } while (!atomic_compare_exchange_weak(&r->register_token, &seen, token));
    return true;
}

void record_act(struct record *r, struct record_slot *slot)
{
    atomic_store(&slot->alive_ns, record_now_ns());
    if (write_register(r, slot->token)) {
        atomic_fetch_add(&r->writes, 1);
        return;
    }
    atomic_fetch_add(&r->refused, 1);
    atomic_fetch_add(&slot->refused, 1);
}
