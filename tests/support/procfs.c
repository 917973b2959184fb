/* procfs.c: see procfs.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process.h"
#include "procfs.h"

enum {
    PATH_BYTES_MAX = 320,
    LINE_BYTES_MAX = 512,
    TCP_FIELD_INODE = 9,   /* of /proc/net/tcp, the first is 0: proc(5) */
    STAT_FIELD_UTIME = 11, /* of /proc/PID/stat, the first behind ")" is 0 */
};

/* The field of a line, counted from 0; fields are parted by blanks. */
static unsigned long long field(const char *line, int number)
{
    for (; number >= 0; number--) {
        line += strspn(line, " ");
        if (number > 0)
            line += strcspn(line, " ");
    }
    return strtoull(line, NULL, 10);
}

static bool table_has(const char *path, unsigned long long inode)
{
    FILE *table = fopen(path, "re");
    if (!table)
        return false; /* a kernel without IPv6 */
    char line[LINE_BYTES_MAX];
    bool found = false;
    while (!found && fgets(line, sizeof line, table))
        found = field(line, TCP_FIELD_INODE) == inode;
    (void)fclose(table);
    return found;
}

static bool is_tcp(const char *link)
{
    static const char start[] = "socket:[";
    if (strncmp(link, start, sizeof start - 1) != 0)
        return false;
    unsigned long long inode = strtoull(link + sizeof start - 1, NULL, 10);
    return table_has("/proc/net/tcp", inode) ||
        table_has("/proc/net/tcp6", inode);
}

static void count(pid_t pid, size_t *ret_all, size_t *ret_tcp)
{
    char folder[PATH_BYTES_MAX];
    snprintf(folder, sizeof folder, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    *ret_all = *ret_tcp = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        char path[PATH_BYTES_MAX];
        char link[PATH_BYTES_MAX];
        snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)pid, entry->d_name);
        ssize_t n = readlink(path, link, sizeof link - 1);
        if (n < 0)
            continue; /* "." and "..", or closed meanwhile */
        link[n] = '\0';
        ++*ret_all;
        *ret_tcp += is_tcp(link);
    }
    closedir(dir);
}

size_t procfs_descriptors_n(pid_t pid)
{
    size_t all;
    size_t tcp;
    count(pid, &all, &tcp);
    return all;
}

size_t procfs_tcp_n(pid_t pid)
{
    size_t all;
    size_t tcp;
    count(pid, &all, &tcp);
    return tcp;
}

int64_t procfs_cpu_ms(pid_t pid)
{
    char path[PATH_BYTES_MAX];
    char line[2 * LINE_BYTES_MAX];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    const char *behind_name = strrchr(line, ')');
    assert_non_null(behind_name);
    unsigned long long ticks = field(behind_name + 1, STAT_FIELD_UTIME) +
        field(behind_name + 1, STAT_FIELD_UTIME + 1);
    return (int64_t)(ticks * 1000) / sysconf(_SC_CLK_TCK);
}

struct procfs_load procfs_load_begin(pid_t pid)
{
    return (struct procfs_load){
        .pid = pid,
        .began_at_ms = process_now_ms(),
        .cpu_ms = procfs_cpu_ms(pid),
    };
}

int64_t procfs_load_percent(const struct procfs_load *load)
{
    int64_t passed_ms = process_now_ms() - load->began_at_ms;
    assert_true(passed_ms > 0);
    return (procfs_cpu_ms(load->pid) - load->cpu_ms) * 100 / passed_ms;
}
