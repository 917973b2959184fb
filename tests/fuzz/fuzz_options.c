/* fuzz_options.c: any command line, environment and files.
 *
 * The input is strings that end with a NUL byte. Each is an argument, but "$X..."
 * is the value of a variable of the table, and "@..." the content of the file
 * that all options with a file may name. What is taken is within its limits
 * and goes to the library, which may refuse it; what is refused changes
 * nothing, and is said in clean words.
 */
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/options_private.h"
#include "fuzz/fuzz.h"
#include "fuzz/script.h"
#include "sys/fence_file.h"
#include "sys/secret.h"
#include "sys/text.h"

enum { ARGUMENTS_MAX = 24, FILE_FD = 100, UNTOUCHED = 0x5a };

/* So that the fuzzer can name it. */
static const char file_path[] = "/proc/self/fd/100";

struct line {
    char *argv[ARGUMENTS_MAX + 2];
    int argc;
    char texts[ARGUMENTS_MAX + 1][SCRIPT_TEXT_BYTES_MAX];
};

static void write_file(const char *content, size_t bytes)
{
    CHECK(ftruncate(FILE_FD, 0) == 0);
    CHECK(pwrite(FILE_FD, content, bytes, 0) == (ssize_t)bytes);
}

static void make_file(void)
{
    if (fchmod(FILE_FD, S_IRUSR | S_IWUSR) == 0)
        return;
    int fd = memfd_create("options", MFD_CLOEXEC);
    CHECK(fd >= 0 && dup2(fd, FILE_FD) == FILE_FD);
    CHECK(close(fd) == 0 && fchmod(FILE_FD, S_IRUSR | S_IWUSR) == 0);
}

static void set_variable(const char *text)
{
    const struct option *option = &options_table[(uint8_t)text[0] % OPTIONS_N];
    if (text[0] && option->variable)
        CHECK(setenv(option->variable, text + 1, 1) == 0);
}

/* Not from the heap, which may fail. */
static void add_argument(struct line *line, const char *text)
{
    char *copy = line->texts[line->argc];
    (void)snprintf(copy, SCRIPT_TEXT_BYTES_MAX, "%s", text);
    line->argv[line->argc++] = copy;
}

static void read_line(struct line *line, const uint8_t *data, size_t size)
{
    struct script s;
    char text[SCRIPT_TEXT_BYTES_MAX];
    script_begin(&s, data, size);
    for (size_t i = 0; i < OPTIONS_N; i++)
        if (options_table[i].variable)
            CHECK(unsetenv(options_table[i].variable) == 0);
    make_file();
    write_file("", 0);
    line->argc = 0;
    add_argument(line, "candidate");
    while (s.size > 0 && line->argc <= ARGUMENTS_MAX) {
        size_t bytes = script_text(&s, text);
        if (text[0] == '$')
            set_variable(text + 1);
        else if (text[0] == '@')
            write_file(text + 1, bytes - 1);
        else
            add_argument(line, text);
    }
    line->argv[line->argc] = NULL;
}

static void check_refusal(int r, const struct candidate_error *err)
{
    CHECK(r == CANDIDATE_EINVAL ||
          (r == CANDIDATE_ENOMEM && script_lost_memory()));
    CHECK(err->code == r && err->message[0]);
    CHECK(strlen(err->message) < sizeof err->message);
}

static void check_limits(const struct options *o)
{
    const struct candidate_config *c = &o->config;
    CHECK(c->ttl_s >= CANDIDATE_TTL_S_MIN && c->ttl_s <= CANDIDATE_TTL_S_MAX);
    CHECK(c->priority <= CANDIDATE_PRIORITY_MAX);
    CHECK(c->dial_timeout_ms <= CANDIDATE_TIMEOUT_MS_MAX);
    CHECK(c->command_timeout_ms <= CANDIDATE_TIMEOUT_MS_MAX);
    CHECK(o->wait_ms >= -1 && o->wait_ms <= OPTIONS_WAIT_S_MAX * 1000LL);
    CHECK(o->grace_ms < c->ttl_s * 1000 || !o->command);
    CHECK((c->id != NULL) == (o->action == OPTIONS_RUN) ||
          o->action == OPTIONS_HELP || o->action == OPTIONS_VERSION);
    CHECK(!o->has_password || c->password == o->password);
    CHECK(!o->command || o->command[0][0]);
}

/* No secret is left for a child, or for ps(1). */
static void check_secrets(const struct options *o)
{
    if (o->action == OPTIONS_HELP || o->action == OPTIONS_VERSION)
        return;
    const char *password = getenv("ETCDCTL_PASSWORD");
    const char *user = getenv("ETCDCTL_USER");
    CHECK((!password || !password[0]) && (!user || !user[0]));
}

/* What the program does next with them, as far as it asks nobody. */
static void use(struct options *o)
{
    struct candidate_error err = { .message = "" };
    struct candidate *c;
    if (o->password_file && strcmp(o->password_file, file_path) == 0) {
        int r = secret_read_file(o->password_file, o->password,
                                 sizeof o->password, &err);
        if (r < 0)
            check_refusal(r, &err);
        else
            o->config.password = o->password;
    }
    if (o->action == OPTIONS_FENCE_FILE && strcmp(o->object, file_path) == 0) {
        int fd;
        int r = fence_file_pass(o->object, 7, 0, &fd, &err);
        CHECK(r == 0 || (err.code == r && err.message[0]));
        if (r == 0)
            CHECK(close(fd) == 0);
    }
    if (o->action != OPTIONS_RUN)
        return;
    int r = candidate_new(&c, &o->config, &err);
    if (r < 0)
        check_refusal(r, &err);
    else
        candidate_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct line line;
    struct options o;
    struct candidate_error err = { .message = "" };
    read_line(&line, data, size);
    memset(&o, UNTOUCHED, sizeof o);
    int r = options_parse(&o, line.argc, line.argv, &err);
    if (r == 0) {
        check_limits(&o);
        check_secrets(&o);
        use(&o);
        options_forget(&o);
    } else {
        check_refusal(r, &err);
        CHECK(text_is_clean(err.message, strlen(err.message)));
        const unsigned char *seen = (const unsigned char *)&o;
        for (size_t i = 0; i < sizeof o; i++)
            CHECK(seen[i] == UNTOUCHED);
    }
    return 0;
}
