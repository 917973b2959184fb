/* fenced_command.c: see fenced_command.h. */
#include "actions/fenced_command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cli/access.h"
#include "sys/error.h"
#include "sys/execute.h"
#include "sys/fence_file.h"
#include "sys/number.h"
#include "sys/text.h"

struct value {
    size_t bytes;
    char data[CANDIDATE_VALUE_BYTES_MAX + 1]; /* one more shows too many */
};

static int find_token(const struct options *o, int64_t *ret_token,
                      struct candidate_error *err)
{
    if (!o->token)
        return error_set(err, CANDIDATE_EINVAL,
                         "no token is given, by --token or CANDIDATE_TOKEN");
    if (number_parse(o->token, 1, INT64_MAX, ret_token))
        return 0;
    char shown[OPTIONS_SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, o->token, strlen(o->token));
    return error_set(err, CANDIDATE_EINVAL,
                     "token: \"%s\" is not a fencing token", shown);
}

/* ---- a file ---- */

static void become(const struct options *o, const struct signals *signals,
                   int fd, struct exits *exits)
{
    (void)fcntl(fd, F_SETFD, 0); /* the command keeps it locked */
    signals_restore(signals);
    int error = execute(o->command);
    log_write(exits->log, CANDIDATE_ERROR, "%s: cannot be started: %s",
              o->command[0], strerror(error));
    exits->code = error == ENOENT ? OPTIONS_EXIT_NOT_FOUND
                                  : OPTIONS_EXIT_CANNOT;
}

static void run_command(const struct options *o, const struct signals *signals,
                        struct exits *exits)
{
    int fd = -1;
    int64_t token = 0;
    struct candidate_error err = { 0 };
    int r = find_token(o, &token, &err);
    if (r == 0)
        r = fence_file_pass(o->object, token, FENCE_FILE_WAIT_MS, &fd, &err);
    if (r < 0)
        exits_refuse(exits, r, &err);
    else
        become(o, signals, fd, exits);
}

/* ---- etcd ---- */

/* Standard input up to its end. */
static int read_value(struct value *value, struct candidate_error *err)
{
    value->bytes = 0;
    while (value->bytes < sizeof value->data) {
        ssize_t n = read(STDIN_FILENO, value->data + value->bytes,
                         sizeof value->data - value->bytes);
        if (n < 0 && errno != EINTR)
            return error_set(err, CANDIDATE_ESYSTEM, "standard input: %s",
                             strerror(errno));
        if (n == 0)
            break;
        value->bytes += n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int put(const struct options *o, const struct candidate_fence *fence,
               struct candidate_error *err)
{
    static struct value value; /* large, and mostly never touched */
    const char *data = o->value;
    size_t bytes = strlen(data);
    if (strcmp(data, "-") == 0) {
        int r = read_value(&value, err);
        if (r < 0)
            return r;
        data = value.data;
        bytes = value.bytes;
    }
    return candidate_fenced_put(&o->config, fence, o->object, data, bytes,
                                o->config.command_timeout_ms, err);
}

static int write_fenced(struct options *o, const struct signals *signals,
                        struct candidate_error *err)
{
    struct candidate_fence fence = { .lock_key = o->lock_key };
    int r = find_token(o, &fence.token, err);
    if (r == 0 && !o->lock_key)
        r = error_set(err, CANDIDATE_EINVAL,
                      "no lock key is given, by --lock-key or "
                      "CANDIDATE_LOCK_KEY");
    struct access access;
    if (r == 0)
        r = access_complete(&access, o, signals, err);
    /* There is nothing to be left in order: a signal may end it, also one that
     * came while a password was asked for. */
    (void)sigprocmask(SIG_UNBLOCK, &signals->taken, NULL);
    if (r > 0)
        r = error_set(err, CANDIDATE_ESYSTEM, "a signal came");
    if (r < 0)
        return r;
    bool puts = o->action == OPTIONS_FENCED_PUT;
    r = puts ? put(o, &fence, err)
             : candidate_fenced_delete(&o->config, &fence, o->object,
                                       o->config.command_timeout_ms, err);
    return r < 0 ? error_wrap(err, r, "--fenced-%s", puts ? "put" : "delete")
                 : 0;
}

void fenced_command(struct options *o, const struct signals *signals,
                    struct exits *exits)
{
    if (o->action == OPTIONS_FENCE_FILE) {
        options_forget(o);
        run_command(o, signals, exits);
        return;
    }
    struct candidate_error err = { 0 };
    int r = write_fenced(o, signals, &err);
    options_forget(o);
    if (r < 0)
        exits_refuse(exits, r, &err);
}
