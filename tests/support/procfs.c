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
    TCP_FIELD_INODE = 9, /* of /proc/net/tcp, the first is 0: proc(5) */
    /* Of /proc/PID/stat; the first behind ")", the state, is 0. */
    STAT_FIELD_PARENT = 1,
    STAT_FIELD_GROUP = 2,
    STAT_FIELD_FOREGROUND = 5,
    STAT_FIELD_UTIME = 11,
    STAT_FIELD_VSIZE = 20,
    ENVIRON_BYTES_MAX = 64 * 1024,
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

/* /proc/PID/stat behind the name, which may contain anything. Returns false
 * when there is no such process. */
static bool read_stat(pid_t pid, char *ret_line)
{
    char path[PATH_BYTES_MAX];
    char line[2 * LINE_BYTES_MAX];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    const char *behind_name = read ? strrchr(line, ')') : NULL;
    if (!behind_name)
        return false;
    memcpy(ret_line, behind_name + 1, strlen(behind_name + 1) + 1);
    return true;
}

int64_t procfs_cpu_ms(pid_t pid)
{
    char stat[2 * LINE_BYTES_MAX];
    assert_true(read_stat(pid, stat));
    unsigned long long ticks = field(stat, STAT_FIELD_UTIME) +
        field(stat, STAT_FIELD_UTIME + 1);
    return (int64_t)(ticks * 1000) / sysconf(_SC_CLK_TCK);
}

char procfs_state(pid_t pid)
{
    char stat[2 * LINE_BYTES_MAX];
    return (char)(read_stat(pid, stat) ? stat[1] : '\0');
}

static pid_t relative(pid_t pid, int number)
{
    char stat[2 * LINE_BYTES_MAX];
    return read_stat(pid, stat) ? (pid_t)field(stat, number) : 0;
}

pid_t procfs_parent(pid_t pid)
{
    return relative(pid, STAT_FIELD_PARENT);
}

pid_t procfs_group(pid_t pid)
{
    return relative(pid, STAT_FIELD_GROUP);
}

pid_t procfs_foreground(pid_t pid)
{
    return relative(pid, STAT_FIELD_FOREGROUND);
}

size_t procfs_children(pid_t pid, pid_t *ret_pids, size_t max)
{
    DIR *proc = opendir("/proc");
    assert_non_null(proc);
    size_t n = 0;
    for (struct dirent *entry; (entry = readdir(proc));) {
        pid_t other = (pid_t)strtol(entry->d_name, NULL, 10);
        if (other <= 0 || procfs_parent(other) != pid)
            continue;
        assert_true(n < max);
        ret_pids[n++] = other;
    }
    closedir(proc);
    return n;
}

bool procfs_variable(pid_t pid, const char *name, char *ret_value, size_t size)
{
    static char all[ENVIRON_BYTES_MAX + 1];
    char path[PATH_BYTES_MAX];
    snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t bytes = fread(all, 1, ENVIRON_BYTES_MAX, file);
    (void)fclose(file);
    all[bytes] = '\0';
    size_t name_bytes = strlen(name);
    for (const char *p = all; p < all + bytes; p += strlen(p) + 1) {
        if (strncmp(p, name, name_bytes) != 0 || p[name_bytes] != '=')
            continue;
        snprintf(ret_value, size, "%s", p + name_bytes + 1);
        return true;
    }
    return false;
}

long procfs_memory_kib(pid_t pid, const char *name)
{
    char path[PATH_BYTES_MAX];
    char line[LINE_BYTES_MAX];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t bytes = strlen(name);
    while (kib < 0 && fgets(line, sizeof line, file))
        if (strncmp(line, name, bytes) == 0 && line[bytes] == ':')
            kib = strtol(line + bytes + 1, NULL, 10);
    (void)fclose(file);
    assert_true(kib >= 0);
    return kib;
}

long procfs_private_kib(pid_t pid)
{
    return procfs_memory_kib(pid, "Private_Dirty") +
        procfs_memory_kib(pid, "Private_Clean");
}

size_t procfs_address_space(pid_t pid)
{
    char stat[2 * LINE_BYTES_MAX];
    return read_stat(pid, stat) ? field(stat, STAT_FIELD_VSIZE) : 0;
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
