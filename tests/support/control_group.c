/* control_group.c: see control_group.h. */
#include "support/control_group.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    LINE_BYTES_MAX = 256,
    FILE_BYTES_MAX = CONTROL_GROUP_BYTES_MAX + 32,
    LOOK_AGAIN_MS = 5,
    LOOKS_MAX = 12000,
    FOLDERS_MAX = 8, /* open at one time */
};

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

static void write_file(const char *group, const char *name, const char *text)
{
    char path[FILE_BYTES_MAX];
    snprintf(path, sizeof path, "%s/%s", group, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

bool control_group_make(char ret_path[CONTROL_GROUP_BYTES_MAX])
{
    if (!control_group_may_be_made() || !control_group_of(getpid(), ret_path))
        return false;
    size_t bytes = strlen(ret_path);
    snprintf(ret_path + bytes, CONTROL_GROUP_BYTES_MAX - bytes, "/test-%d",
             (int)getpid());
    assert_int_equal(mkdir(ret_path, 0700), 0);
    return true;
}

void control_group_take(const char *path, pid_t pid)
{
    char number[32];
    snprintf(number, sizeof number, "%d", (int)pid);
    write_file(path, "cgroup.procs", number);
}

/* Whether a line stands in what the kernel says of a group. */
static bool says(const char *group, const char *wanted)
{
    char path[FILE_BYTES_MAX];
    char line[LINE_BYTES_MAX];
    bool found = false;
    snprintf(path, sizeof path, "%s/cgroup.events", group);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        found = found || strcmp(line, wanted) == 0;
    fclose(file);
    return found;
}

static void await_word(const char *group, const char *wanted)
{
    for (int i = 0; !says(group, wanted); i++) {
        assert_true(i < LOOKS_MAX);
        (void)poll(NULL, 0, LOOK_AGAIN_MS);
    }
}

void control_group_freeze(const char *path, bool frozen)
{
    write_file(path, "cgroup.freeze", frozen ? "1" : "0");
    await_word(path, frozen ? "frozen 1\n" : "frozen 0\n");
}

static int remove_one(const char *path, const struct stat *status, int type,
                      struct FTW *ftw)
{
    (void)status;
    (void)ftw;
    return type == FTW_DP ? rmdir(path) : 0;
}

void control_group_remove(const char *path)
{
    write_file(path, "cgroup.kill", "1");
    await_word(path, "populated 0\n");
    assert_int_equal(nftw(path, remove_one, FOLDERS_MAX, FTW_DEPTH | FTW_PHYS),
                     0);
}
