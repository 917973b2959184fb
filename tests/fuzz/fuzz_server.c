/* fuzz_server.c: the status server and clients that send anything.
 *
 * The input is a script: clients come, send bytes, stop sending and go, the
 * candidate's own state changes, time passes. Whatever is sent, a client gets
 * one answer at most, that answer is HTTP, and none says that a candidate
 * leads that does not.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "fuzz/script.h"
#include "serve/status_server.h"

enum {
    CLIENTS_MAX = 6,
    TURNS = 3, /* until what was sent is answered */
    ANSWER_BYTES_MAX = 1 << 18,
};

enum step { COME, SEND, SEND_LINE, END, GO, EVENT, TIME, LOOK, STEPS_N };

struct client {
    int fd; /* -1: it has not come, or is gone */
    size_t bytes;
    char answer[ANSWER_BYTES_MAX + 1];
};

struct play {
    struct script script;
    struct candidate *candidate;
    struct status_server server;
    struct sockaddr_in address;
    struct client clients[CLIENTS_MAX];
};

/* Returns false when there was no memory for it. */
static bool begin(struct play *p)
{
    struct candidate_config config;
    socklen_t bytes = sizeof p->address;
    candidate_config_init(&config);
    config.id = "A";
    config.endpoints = "http://127.0.0.1:1"; /* nobody is there */
    int r = 0;
    if (!p->candidate) /* nothing is done to it: one will do */
        r = candidate_new(&p->candidate, &config, NULL);
    memset(&p->server, 0, sizeof p->server);
    if (r == 0)
        r = status_server_open(&p->server, "0", p->candidate, &config, NULL);
    CHECK(r == 0 || (r == CANDIDATE_ENOMEM && script_lost_memory()));
    if (r < 0)
        return false;
    CHECK(getsockname(p->server.listen.fd, (struct sockaddr *)&p->address,
                      &bytes) == 0);
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        p->clients[i].fd = -1;
    return true;
}

static void go(struct client *client)
{
    if (client->fd >= 0)
        CHECK(close(client->fd) == 0);
    client->fd = -1;
}

static void end(struct play *p)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (p->clients[i].fd >= 0)
            script_forget_connection(p->clients[i].fd);
        go(&p->clients[i]);
    }
    status_server_close(&p->server);
}

static void work(struct play *p)
{
    struct pollfd fds[STATUS_SERVER_FDS_MAX];
    for (int i = 0; i < TURNS; i++) {
        int timeout_ms = 0;
        unsigned n = status_server_pollfds(&p->server, fds, &timeout_ms);
        CHECK(n <= STATUS_SERVER_FDS_MAX && timeout_ms == 0);
        status_server_work(&p->server);
    }
}

static void come(struct play *p, struct client *client)
{
    go(client);
    client->bytes = 0;
    client->answer[0] = '\0';
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(client->fd >= 0);
    CHECK(connect(client->fd, (struct sockaddr *)&p->address,
                  sizeof p->address) == 0);
}

static void check_answer(const struct client *client)
{
    const char *text = client->answer;
    if (client->bytes == 0)
        return;
    CHECK(
        client->bytes < strlen("HTTP/1.1 200") ||
        (strncmp(text, "HTTP/1.", 7) == 0 && text[9] >= '2' && text[9] <= '5'));
    CHECK(!strstr(text, "it leads, for") && !strstr(text, "\"leading\":true"));
    /* libmicrohttpd says its refusal of a length that is too large twice. */
    CHECK(strncmp(text + 9, "200", 3) != 0 || !strstr(text + 1, "HTTP/1."));
}

static void look(struct client *client)
{
    while (client->fd >= 0 && client->bytes < ANSWER_BYTES_MAX) {
        ssize_t n = recv(client->fd, client->answer + client->bytes,
                         ANSWER_BYTES_MAX - client->bytes, MSG_DONTWAIT);
        if (n <= 0)
            break;
        client->bytes += (size_t)n;
        client->answer[client->bytes] = '\0';
        if (memchr(client->answer, '\0', client->bytes))
            break; /* a picture */
    }
    check_answer(client);
}

static void say(struct play *p, const struct client *client, bool line)
{
    char text[SCRIPT_TEXT_BYTES_MAX + 2];
    size_t bytes = script_text(&p->script, text);
    if (line) {
        text[bytes++] = '\r';
        text[bytes++] = '\n';
    }
    if (client->fd >= 0)
        (void)send(client->fd, text, bytes, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* As the program tells it; the candidate itself never leads. */
static void tell(struct play *p)
{
    char text[SCRIPT_TEXT_BYTES_MAX];
    struct candidate_event event = {
        .type = (enum candidate_event_type)(1 + script_byte(&p->script) % 7),
        .at_ms = 1,
        .token = 7,
        .lease = 8,
        .leader = "B",
        .text = text,
    };
    (void)script_text(&p->script, text);
    status_server_event(&p->server, &event);
}

static void play_step(struct play *p, enum step step)
{
    uint8_t number = script_byte(&p->script);
    struct client *client = &p->clients[number % CLIENTS_MAX];
    switch (step) {
    case COME:
        come(p, client);
        break;
    case SEND:
    case SEND_LINE:
        say(p, client, step == SEND_LINE);
        break;
    case END:
        if (client->fd >= 0)
            (void)shutdown(client->fd, SHUT_WR);
        break;
    case GO:
        go(client);
        break;
    case EVENT:
        tell(p);
        break;
    case TIME:
        script_pass_time(number * INT64_C(100));
        break;
    case LOOK:
    case STEPS_N:
        break;
    }
    work(p);
    look(client);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    script_begin(&play.script, data, size);
    if (!begin(&play))
        return 0;
    while (play.script.size > 0)
        play_step(&play, (enum step)(script_byte(&play.script) % STEPS_N));
    for (size_t i = 0; i < CLIENTS_MAX; i++)
        look(&play.clients[i]);
    end(&play);
    return 0;
}
