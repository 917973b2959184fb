/* folder.c: see folder.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "spawn.h"

/* Ends its wait when nobody can write to its stdin any more. What is killed
 * at that moment may write to the folder a little longer: hence the tries. */
static const char remover_script[] = "trap '' INT TERM HUP QUIT\n"
                                     "read -r _\n"
                                     "for _ in 1 2 3 4 5 6 7 8 9 10; do\n"
                                     "    rm -rf \"$1\" && exit 0\n"
                                     "    sleep 0.2\n"
                                     "done\n"
                                     "exit 1\n";

static void start_remover(struct folder *f)
{
    int ends[2] = { -1, -1 };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || pipe2(ends, O_CLOEXEC) != 0)
        fail_msg("cannot guard %s: %s", f->path, strerror(errno));
    const char *const argv[] = { "/bin/sh", "-c",    remover_script,
                                 "remover", f->path, NULL };
    struct spawn spawn = { .argv = argv,
                           .in_fd = ends[0],
                           .out_fd = null,
                           .err_fd = null,
                           .detached = true };
    f->remover = spawn_child(&spawn);
    f->alive_fd = ends[1];
    close(ends[0]);
    close(null);
}

void folder_make(struct folder *f)
{
    const char *parent = "/dev/shm";
    if (access(parent, W_OK | X_OK) != 0)
        parent = getenv("TMPDIR");
    if (!parent)
        parent = "/tmp";
    int n = snprintf(f->path, sizeof f->path, "%s/candidate-test-XXXXXX",
                     parent);
    assert_true(n > 0 && (size_t)n < sizeof f->path);
    if (!mkdtemp(f->path))
        fail_msg("%s: %s", f->path, strerror(errno));
    start_remover(f);
}

void folder_remove(struct folder *f)
{
    close(f->alive_fd);
    assert_int_equal(spawn_wait(f->remover), 0);
}
