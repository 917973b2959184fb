/* secret.c: see secret.h. */
#include "sys/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "sys/error.h"
#include "sys/signals.h"

enum { LINE_BYTES_MAX = CANDIDATE_PASSWORD_BYTES_MAX + 2 }; /* its end, too */

/* Take the line without its end.
 * Returns 0 or CANDIDATE_EINVAL with a message that shows nothing of it. */
static int take_line(const char *data, size_t bytes, char *ret_secret,
                     size_t size, struct candidate_error *err)
{
    const char *end = memchr(data, '\n', bytes);
    size_t length = end ? (size_t)(end - data) : bytes;
    if (end && length > 0 && data[length - 1] == '\r')
        length--;
    if (length == 0)
        return error_set(err, CANDIDATE_EINVAL, "the password is empty");
    if (length >= size)
        return error_set(err, CANDIDATE_EINVAL,
                         "the password is longer than %zu bytes", size - 1);
    if (memchr(data, '\0', length))
        return error_set(err, CANDIDATE_EINVAL,
                         "the password has a NUL byte in it");
    memcpy(ret_secret, data, length);
    ret_secret[length] = '\0';
    return 0;
}

/* ---- a file ---- */

static int check_file(int fd, struct candidate_error *err)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return error_set(err, CANDIDATE_EINVAL, "%s", strerror(errno));
    if (!S_ISREG(status.st_mode))
        return error_set(err, CANDIDATE_EINVAL, "is not a file");
    if (status.st_mode & (S_IRWXG | S_IRWXO))
        return error_set(err, CANDIDATE_EINVAL,
                         "is open to others, mode %04o; say chmod 600",
                         (unsigned)status.st_mode & 07777U);
    if (status.st_uid != geteuid() && status.st_uid != 0)
        return error_set(err, CANDIDATE_EINVAL, "belongs to another user");
    return 0;
}

static int read_line(int fd, char *ret_secret, size_t size,
                     struct candidate_error *err)
{
    char data[LINE_BYTES_MAX];
    size_t bytes = 0;
    ssize_t n;
    do {
        n = read(fd, data + bytes, sizeof data - bytes);
        bytes += n > 0 ? (size_t)n : 0;
    } while (n > 0 && bytes < sizeof data);
    int r = n < 0 ? error_set(err, CANDIDATE_EINVAL, "%s", strerror(errno))
                  : take_line(data, bytes, ret_secret, size, err);
    explicit_bzero(data, sizeof data);
    return r;
}

int secret_read_file(const char *path, char *ret_secret, size_t size,
                     struct candidate_error *err)
{
    assert(size > 1 && size < LINE_BYTES_MAX);
    /* A pipe without a writer must not hold us up; it is refused then. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = fd < 0 ? error_set(err, CANDIDATE_EINVAL, "%s", strerror(errno))
                   : check_file(fd, err);
    if (r == 0)
        r = read_line(fd, ret_secret, size, err);
    if (fd >= 0)
        close(fd);
    return r < 0 ? error_wrap(err, r, "%s", path) : 0;
}

/* ---- a terminal ---- */

/* While there is no echo, these are held back; they do their work as soon as
 * the terminal is as it was. */
static const int held_back[] = { SIGINT, SIGQUIT, SIGTSTP };

struct asking {
    const char *prompt;
    int terminal_fd, stop_fd, signals_fd;
    sigset_t mask_before;
    struct termios before;
};

/* Its foreground may be somebody else's, also after we were stopped. */
static bool is_usable(struct asking *a)
{
    return a->terminal_fd >= 0 && tcgetpgrp(a->terminal_fd) == getpgrp() &&
        tcgetattr(a->terminal_fd, &a->before) == 0;
}

/* What was typed before was not meant to be a password; what is left of a
 * password is not meant for the shell. Waits for no output. */
static bool set_terminal(const struct asking *a, const struct termios *mode)
{
    (void)tcflush(a->terminal_fd, TCIFLUSH);
    return tcsetattr(a->terminal_fd, TCSANOW, mode) == 0;
}

/* A signal that was held back ends or stops the process here. */
static void end(struct asking *a)
{
    (void)set_terminal(a, &a->before);
    close(a->signals_fd);
    (void)sigprocmask(SIG_SETMASK, &a->mask_before, NULL);
}

static int begin(struct asking *a, struct candidate_error *err)
{
    if (!is_usable(a))
        return error_set(err, CANDIDATE_ENOTFOUND,
                         "there is no terminal to ask on");
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof held_back / sizeof *held_back; i++)
        if (!signals_ignored(held_back[i])) /* see there */
            sigaddset(&set, held_back[i]);
    a->signals_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (a->signals_fd < 0)
        return error_set(err, CANDIDATE_ESYSTEM, "signalfd: %s",
                         strerror(errno));
    (void)sigprocmask(SIG_BLOCK, &set, &a->mask_before); /* cannot fail */
    struct termios silent = a->before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    silent.c_lflag |= ECHONL | ICANON | ISIG;
    if (set_terminal(a, &silent))
        return 0;
    int error = errno;
    end(a);
    return error_set(err, CANDIDATE_ESYSTEM, "the terminal: %s",
                     strerror(error));
}

enum answer { ANSWER_LINE, ANSWER_STOP, ANSWER_SIGNAL, ANSWER_BROKEN };

static enum answer wait_for_line(const struct asking *a)
{
    struct pollfd polls[] = {
        { .fd = a->terminal_fd, .events = POLLIN },
        { .fd = a->stop_fd, .events = POLLIN },
        { .fd = a->signals_fd, .events = POLLIN },
    };
    size_t prompt_bytes = strlen(a->prompt);
    if (write(a->terminal_fd, a->prompt, prompt_bytes) != (ssize_t)prompt_bytes)
        return ANSWER_BROKEN;
    int n;
    do
        n = poll(polls, sizeof polls / sizeof *polls, -1);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return ANSWER_BROKEN;
    if (polls[2].revents)
        return ANSWER_SIGNAL;
    return polls[1].revents ? ANSWER_STOP : ANSWER_LINE;
}

/* The terminal gives out whole lines only. */
static int read_answer(const struct asking *a, char *ret_secret, size_t size,
                       struct candidate_error *err)
{
    char data[LINE_BYTES_MAX];
    ssize_t n = read(a->terminal_fd, data, sizeof data);
    int r = n <= 0 ? error_set(err, CANDIDATE_EINVAL, "no password was given")
                   : take_line(data, (size_t)n, ret_secret, size, err);
    explicit_bzero(data, sizeof data);
    return r;
}

static int ask(struct asking *a, char *ret_secret, size_t size,
               struct candidate_error *err)
{
    enum answer answer;
    do {
        int r = begin(a, err);
        if (r < 0)
            return r;
        answer = wait_for_line(a);
        if (answer == ANSWER_LINE)
            r = read_answer(a, ret_secret, size, err);
        else
            (void)!write(a->terminal_fd, "\n", 1);
        end(a);
        if (answer == ANSWER_LINE)
            return r;
    } while (answer == ANSWER_SIGNAL); /* it had stopped us, and we go on */
    if (answer == ANSWER_STOP)
        return 1;
    return error_set(err, CANDIDATE_ESYSTEM, "the terminal cannot be used");
}

int secret_ask(const char *prompt, int stop_fd, char *ret_secret, size_t size,
               struct candidate_error *err)
{
    assert(size > 1 && size < LINE_BYTES_MAX);
    struct asking a = {
        .prompt = prompt,
        .terminal_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK),
        .stop_fd = stop_fd,
    };
    int r = ask(&a, ret_secret, size, err);
    if (a.terminal_fd >= 0)
        close(a.terminal_fd);
    return r;
}
