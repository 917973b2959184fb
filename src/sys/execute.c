/* execute.c: see execute.h. */
#include "sys/execute.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Where it is looked for when PATH does not say it; as execvp(3). */
static const char path_default[] = "/bin:/usr/bin";

/* Returns the errno of the first reason that is not "no such file". */
static int execute_in_path(char *const *argv, const char *path)
{
    int error = ENOENT;
    for (bool more = true; more;) {
        int bytes = (int)strcspn(path, ":");
        char file[PATH_MAX];
        int n = snprintf(file, sizeof file, "%.*s%s%s", bytes, path,
                         bytes > 0 ? "/" : "", argv[0]);
        more = path[bytes] == ':';
        path += bytes + more;
        if (n < 0 || (size_t)n >= sizeof file)
            continue;
        execve(file, argv, environ);
        if (errno != ENOENT && errno != ENOTDIR && error == ENOENT)
            error = errno;
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
            break;
    }
    return error;
}

int execute(char *const *argv)
{
    if (!strchr(argv[0], '/')) {
        const char *path = getenv("PATH");
        return execute_in_path(argv, path ? path : path_default);
    }
    execve(argv[0], argv, environ);
    return errno;
}
