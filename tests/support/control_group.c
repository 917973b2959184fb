/* control_group.c: see control_group.h. */
#include "support/control_group.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 256 };

static const char *mount(void)
{
    static const char *const places[] = { "/sys/fs/cgroup",
                                          "/sys/fs/cgroup/unified" };
    char path[LINE_BYTES_MAX];
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(path, sizeof path, "%s/cgroup.procs", places[i]);
        if (access(path, F_OK) == 0)
            return places[i];
    }
    return NULL;
}

bool control_group_of(pid_t pid, char ret_path[CONTROL_GROUP_BYTES_MAX])
{
    char name[64];
    char line[LINE_BYTES_MAX];
    bool found = false;
    snprintf(name, sizeof name, "/proc/%d/cgroup", (int)pid);
    FILE *file = mount() ? fopen(name, "r") : NULL;
    while (file && !found && fgets(line, sizeof line, file))
        found = strncmp(line, "0::", 3) == 0;
    if (file)
        fclose(file);
    if (!found)
        return false;
    line[strcspn(line, "\n")] = '\0';
    snprintf(ret_path, CONTROL_GROUP_BYTES_MAX, "%s%s", mount(), line + 3);
    return true;
}

bool control_group_may_be_made(void)
{
    char own[CONTROL_GROUP_BYTES_MAX];
    char folder[CONTROL_GROUP_BYTES_MAX + 32];
    char file[CONTROL_GROUP_BYTES_MAX + 64];
    if (!control_group_of(getpid(), own))
        return false;
    snprintf(folder, sizeof folder, "%s/try-%d", own, (int)getpid());
    snprintf(file, sizeof file, "%s/cgroup.kill", folder);
    if (mkdir(folder, 0700) < 0)
        return false;
    bool kills = access(file, W_OK) == 0;
    rmdir(folder);
    return kills;
}
