/* memory.c: see memory.h.
 *
 * What a process has already is on the account of the cgroup in which it took
 * it. So it is pushed: bytes of its code are written once more, as a debugger
 * would, and each page that becomes its own by that counts in the new one.
 */
#include "memory.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    PATH_BYTES_MAX = 128,
    LINE_BYTES_MAX = 512,
    PAGE_BYTES = 4096,
    PAGES_MAX = 64,
    PUSH_MS = 20, /* until it is pushed again */
};

/* Of the first and of the second kind; both are found where they mostly are. */
static const struct {
    const char *folder, *limit;
} groups[] = {
    { "/sys/fs/cgroup/memory/candidate-torture", "memory.limit_in_bytes" },
    { "/sys/fs/cgroup/candidate-torture", "memory.max" },
};
enum { GROUPS_N = sizeof groups / sizeof *groups };

static bool write_number(const char *folder, const char *name, long number)
{
    char path[PATH_BYTES_MAX];
    char text[32];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int n = snprintf(text, sizeof text, "%ld", number);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, (size_t)n) == n;
    if (fd >= 0)
        close(fd);
    return done;
}

static bool join_group(pid_t pid)
{
    for (int i = 0; i < GROUPS_N; i++) {
        (void)mkdir(groups[i].folder, 0700);
        if (write_number(groups[i].folder, groups[i].limit, 0) &&
            write_number(groups[i].folder, "cgroup.procs", pid))
            return true;
    }
    return false;
}

void memory_group_remove(void)
{
    for (int i = 0; i < GROUPS_N; i++)
        (void)rmdir(groups[i].folder);
}

/* Where its code begins; 0: unknown. */
static uintptr_t find_code(pid_t pid)
{
    char path[PATH_BYTES_MAX];
    char line[LINE_BYTES_MAX];
    uintptr_t code = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *file = fopen(path, "re");
    while (file && !code && fgets(line, sizeof line, file))
        if (strstr(line, " r-xp "))
            code = strtoul(line, NULL, 16);
    if (file)
        (void)fclose(file);
    return code;
}

static void push(int memory_fd, uintptr_t address)
{
    char byte;
    if (pread(memory_fd, &byte, 1, (off_t)address) == 1)
        (void)!pwrite(memory_fd, &byte, 1, (off_t)address);
}

bool memory_exhaust(pid_t pid)
{
    char path[PATH_BYTES_MAX];
    struct pollfd end = { .events = POLLIN };
    bool ended = false;
    uintptr_t code = find_code(pid);
    end.fd = (int)syscall(SYS_pidfd_open, pid, 0);
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int memory_fd = open(path, O_RDWR | O_CLOEXEC);
    if (end.fd >= 0 && memory_fd >= 0 && code && join_group(pid))
        for (int i = 0; i < PAGES_MAX && !ended; i++) {
            push(memory_fd, code + (uintptr_t)i * PAGE_BYTES);
            ended = poll(&end, 1, PUSH_MS) > 0;
        }
    if (memory_fd >= 0)
        close(memory_fd);
    if (end.fd >= 0)
        close(end.fd);
    return ended;
}
