/* cgroup.c: see cgroup.h. */
#include "sys/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    CGROUP_FILE_BYTES_MAX = CGROUP_PATH_BYTES_MAX + 16,
    CGROUP_OPEN_MAX = 8, /* descriptors, to walk through those below */
    CGROUP_NAME_BYTES_MAX = 64,
};

/* Where systemd mounts it, alone or beside those of version 1. */
static const char *const mounts[] = { "/sys/fs/cgroup",
                                      "/sys/fs/cgroup/unified" };

/* The group that this process is in, as /proc shows it: "0::/a/b". */
static bool read_own(char *own, size_t own_bytes)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[CGROUP_PATH_BYTES_MAX];
    bool found = false;
    while (file && !found && fgets(line, sizeof line, file)) {
        size_t bytes = strcspn(line, "\n");
        found = strncmp(line, "0::/", 4) == 0 && line[bytes] == '\n';
        line[bytes] = '\0';
    }
    if (file)
        (void)fclose(file);
    /* Above the root of a namespace it is not to be found. */
    if (!found || strncmp(line, "0::/..", 6) == 0)
        return false;
    const char *path = strcmp(line, "0::/") == 0 ? "" : line + strlen("0::");
    int bytes = snprintf(own, own_bytes, "%s", path);
    return bytes >= 0 && (size_t)bytes < own_bytes;
}

/* Returns -1 when there is no such file, or it may not be written to. */
static int open_file(const struct cgroup *g, const char *file)
{
    char path[CGROUP_FILE_BYTES_MAX];
    if (g->path[0] == '\0')
        return -1;
    (void)snprintf(path, sizeof path, "%s/%s", g->path, file);
    return open(path, O_WRONLY | O_CLOEXEC);
}

static void write_file(const struct cgroup *g, const char *file,
                       const char *text)
{
    int fd = open_file(g, file);
    if (fd < 0)
        return;
    (void)!write(fd, text, strlen(text));
    close(fd);
}

/* What a group of this process' kind is called, but for the process' number.
 * That is unique in one namespace alone, and others may have the same cgroup:
 * so the namespace's number comes before it. */
static bool begin_name(char begin[CGROUP_NAME_BYTES_MAX])
{
    struct stat space;
    if (stat("/proc/self/ns/pid", &space) < 0)
        return false;
    (void)snprintf(begin, CGROUP_NAME_BYTES_MAX, "candidate-%ju-",
                   (uintmax_t)space.st_ino);
    return true;
}

static bool is_abandoned(const char *group, const char *begin)
{
    size_t bytes = strlen(begin);
    if (strncmp(group, begin, bytes) != 0)
        return false;
    pid_t pid = (pid_t)strtol(group + bytes, NULL, 10);
    return pid == getpid() || (pid > 0 && kill(pid, 0) < 0 && errno == ESRCH);
}

/* Candidates that were killed with their guardians have left theirs. One that
 * still has a process in it stays. */
static void remove_abandoned(const char *parent, const char *begin)
{
    DIR *folder = opendir(parent);
    struct dirent *entry;
    while (folder && (entry = readdir(folder)) != NULL)
        if (is_abandoned(entry->d_name, begin))
            (void)unlinkat(dirfd(folder), entry->d_name, AT_REMOVEDIR);
    if (folder)
        (void)closedir(folder);
}

static bool make_below(struct cgroup *g, const char *mount, const char *own)
{
    struct statfs fs;
    char begin[CGROUP_NAME_BYTES_MAX];
    int bytes = snprintf(g->path, sizeof g->path, "%s%s", mount, own);
    if (statfs(mount, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC ||
        bytes < 0 || (size_t)bytes >= sizeof g->path || !begin_name(begin))
        return false;
    remove_abandoned(g->path, begin);
    size_t room = sizeof g->path - (size_t)bytes;
    int more = snprintf(g->path + bytes, room, "/%s%d", begin, (int)getpid());
    if (more < 0 || (size_t)more >= room || mkdir(g->path, 0755) < 0)
        return false;
    int fd = open_file(g, "cgroup.kill");
    if (fd < 0)
        (void)rmdir(g->path);
    else
        close(fd);
    return fd >= 0;
}

void cgroup_make(struct cgroup *g)
{
    char own[CGROUP_PATH_BYTES_MAX];
    if (read_own(own, sizeof own))
        for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++)
            if (make_below(g, mounts[i], own))
                return;
    g->path[0] = '\0';
}

void cgroup_join(const struct cgroup *g)
{
    write_file(g, "cgroup.procs", "0");
}

void cgroup_kill(const struct cgroup *g)
{
    write_file(g, "cgroup.kill", "1");
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *ftw)
{
    (void)status;
    (void)ftw;
    if (type == FTW_DP)
        (void)rmdir(path);
    return 0;
}

void cgroup_remove(struct cgroup *g)
{
    if (g->path[0] != '\0')
        (void)nftw(g->path, remove_one, CGROUP_OPEN_MAX, FTW_DEPTH | FTW_PHYS);
    g->path[0] = '\0';
}
