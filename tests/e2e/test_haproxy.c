/* test_haproxy.c: HAProxy sends requests to the leader's command, as /leader of
 * --listen tells it, while leadership moves again and again. Its backend is the
 * one of README.md.
 *
 * The command is this program itself, with other arguments: a web server that
 * says who it is, and its fencing token.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/port.h"
#include "support/stage.h"
#include "support/visitor.h"

enum {
    CANDIDATES_N = 3,
    MOVES_N = 20,
    SETTLED_N = 6, /* requests in a row that go to the leader */
    LINE_BYTES_MAX = 4096,
    BACKLOG = 16,
};

/* ---- the command ---- */

static void answer(int client)
{
    char request[4096];
    char body[256];
    char reply[512];
    (void)!recv(client, request, sizeof request, 0);
    int bytes = snprintf(body, sizeof body, "%s %s\n", getenv("CANDIDATE_ID"),
                         getenv("CANDIDATE_TOKEN"));
    bytes = snprintf(reply, sizeof reply,
                     "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
                     "Connection: close\r\n\r\n%s",
                     bytes, body);
    (void)!send(client, reply, (size_t)bytes, MSG_NOSIGNAL);
    close(client);
}

static int serve(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port) };
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(fd, BACKLOG) < 0)
        return 1;
    for (;;) {
        int client = accept(fd, NULL, NULL);
        if (client >= 0)
            answer(client);
    }
}

/* ---- candidates ---- */

struct slot {
    uint16_t status_port, command_port;
    char id[16];
    struct process *process;
};

struct scene {
    struct stage *stage;
    struct slot slots[CANDIDATES_N];
    uint16_t port, status_port; /* HAProxy's: to commands, to --listen */
    unsigned started_n;
    unsigned requests_n, unserved_n;
    long long token; /* that served last */
    char id[16];
};

static char reply[VISITOR_REPLY_BYTES_MAX];

static void start(struct scene *s, struct slot *slot)
{
    char status_port[8];
    char command_port[8];
    char self[FOLDER_PATH_BYTES_MAX] = "";
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    snprintf(status_port, sizeof status_port, "%u", slot->status_port);
    snprintf(command_port, sizeof command_port, "%u", slot->command_port);
    snprintf(slot->id, sizeof slot->id, "N%u", s->started_n++);
    slot->process = stage_candidate(s->stage, "--ttl", "20", "--listen",
                                    status_port, slot->id, "--", self, "serve",
                                    command_port);
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (visitor_get(slot->status_port, "/readyz", reply) != 200) {
        assert_true(process_now_ms() < end_at_ms);
        (void)process_set_step(s->stage->set, process_now_ms() + 20);
    }
}

/* Of what README.md says, what is another here: the addresses, and how long it
 * may take. */
static void write_line(FILE *file, const char *line, const struct slot *slot)
{
    const char *inter = strstr(line, "inter 1s");
    char name;
    if (sscanf(line, "    server %c 10.0.0", &name) == 1)
        fprintf(file, "    server %c 127.0.0.1:%u check port %u\n", name,
                slot->command_port, slot->status_port);
    else if (inter)
        fprintf(file, "%.*sinter 100ms%s", (int)(inter - line), line,
                inter + strlen("inter 1s"));
    else
        fputs(line, file);
}

/* The backend as README.md has it, indented, with a server for each slot. */
static void write_backend(const struct scene *s, FILE *file)
{
    char line[LINE_BYTES_MAX];
    bool within = false;
    size_t servers_n = 0;
    FILE *readme = fopen("README.md", "re");
    assert_non_null(readme);
    while (fgets(line, sizeof line, readme)) {
        within = strcmp(line, "    backend db\n") == 0 ||
            (within && strncmp(line, "    ", 4) == 0);
        if (!within)
            continue;
        bool server = strncmp(line + 4, "    server ", 11) == 0;
        assert_true(servers_n < CANDIDATES_N || !server);
        write_line(file, line + 4, &s->slots[servers_n]);
        servers_n += server;
    }
    assert_int_equal(servers_n, CANDIDATES_N);
    assert_int_equal(fclose(readme), 0);
}

static void configure(const struct scene *s, const char *path)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fprintf(file,
            "defaults\n"
            "  mode http\n"
            "  timeout connect 100ms\n"
            "  timeout client 5s\n"
            "  timeout server 5s\n"
            "  option redispatch 1\n"
            "frontend commands\n"
            "  bind 127.0.0.1:%u\n"
            "  default_backend db\n",
            s->port);
    write_backend(s, file);
    fprintf(file,
            "listen candidates\n"
            "  option httpchk GET /leader\n"
            "  default-server check inter 100ms fall 1 rise 1\n"
            "  bind 127.0.0.1:%u\n",
            s->status_port);
    for (size_t i = 0; i < CANDIDATES_N; i++)
        fprintf(file, "  server s%zu 127.0.0.1:%u\n", i,
                s->slots[i].status_port);
    assert_int_equal(fclose(file), 0);
}

static struct process *start_haproxy(const struct scene *s,
                                     const struct folder *folder)
{
    char path[FOLDER_PATH_BYTES_MAX + 16];
    struct process *finder = process_start(
        s->stage->set, PROCESS_PIPES,
        (const char *const[]){ "scripts/fetch-tool.sh", "haproxy", NULL },
        NULL);
    const char *program = process_next_line(finder).text;
    snprintf(path, sizeof path, "%s/haproxy.cfg", folder->path);
    configure(s, path);
    return process_start(
        s->stage->set, PROCESS_PIPES,
        (const char *const[]){ program, "-db", "-f", path, NULL }, NULL);
}

/* ---- requests ---- */

/* One request through HAProxy. The leaders that serve come in order, and one
 * that has stepped down serves nothing any more. */
static void request(struct scene *s, bool stepped_down)
{
    long long token;
    s->requests_n++;
    if (visitor_get(s->port, "/", reply) != 200) {
        s->unserved_n++;
        (void)process_set_step(s->stage->set, process_now_ms() + 10);
        return;
    }
    const char *body = strstr(reply, "\r\n\r\n") + 4;
    const char *space = strchr(body, ' ');
    assert_true(space && (size_t)(space - body) < sizeof s->id);
    token = strtoll(space, NULL, 10);
    assert_true(token >= s->token && token > 0);
    assert_false(stepped_down && token == s->token);
    s->token = token;
    (void)snprintf(s->id, sizeof s->id, "%.*s", (int)(space - body), body);
}

static struct slot *leader(struct scene *s)
{
    for (size_t i = 0; i < CANDIDATES_N; i++)
        if (strcmp(s->slots[i].id, s->id) == 0)
            return &s->slots[i];
    fail_msg("who is %s?", s->id);
    return NULL;
}

/* Soon every request goes to the leader: the others' servers would answer as
 * well, in turn. */
static void expect_settled(struct scene *s)
{
    char self[32];
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    snprintf(self, sizeof self, "\"id\":\"%s\"", s->id);
    for (int n = 0; n < SETTLED_N;) {
        assert_true(process_now_ms() < end_at_ms);
        bool found = visitor_get(s->status_port, "/status", reply) == 200 &&
            strstr(reply, self);
        n = found ? n + 1 : 0;
        if (!found)
            (void)process_set_step(s->stage->set, process_now_ms() + 10);
        long long token = s->token;
        request(s, false);
        assert_true(s->token == token);
    }
}

/* The leader steps down; another serves. Returns how long nobody did. */
static int64_t move(struct scene *s)
{
    struct slot *slot = leader(s);
    long long token = s->token;
    int64_t served_at_ms = process_now_ms();
    int64_t end_at_ms = served_at_ms + PROCESS_PATIENCE_MS;
    int64_t gap_ms;
    process_signal(slot->process, SIGTERM);
    do {
        (void)process_set_step(s->stage->set, process_now_ms());
        request(s, process_ended(slot->process));
        gap_ms = process_now_ms() - served_at_ms;
        if (s->token == token && strstr(reply, s->id))
            served_at_ms = process_now_ms();
        assert_true(process_now_ms() < end_at_ms);
    } while (s->token == token);
    process_await_end(slot->process);
    process_free(slot->process);
    start(s, slot);
    expect_settled(s);
    return gap_ms;
}

static void only_the_leader_is_sent_requests(void **state)
{
    struct scene s = { .stage = *state };
    struct folder folder;
    int64_t worst_ms = 0;
    folder_make(&folder);
    s.port = port_free();
    s.status_port = port_free();
    for (size_t i = 0; i < CANDIDATES_N; i++) {
        s.slots[i].status_port = port_free();
        s.slots[i].command_port = port_free();
    }
    struct process *haproxy = start_haproxy(&s, &folder);
    for (size_t i = 0; i < CANDIDATES_N; i++)
        start(&s, &s.slots[i]);
    int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
    while (s.token == 0) {
        assert_true(process_now_ms() < end_at_ms);
        request(&s, false);
    }
    for (int i = 0; i < MOVES_N; i++) {
        int64_t gap_ms = move(&s);
        worst_ms = gap_ms > worst_ms ? gap_ms : worst_ms;
    }
    print_message("%u requests, %u of them while nobody served; at most %lld "
                  "ms\n",
                  s.requests_n, s.unserved_n, (long long)worst_ms);
    process_free(haproxy);
    folder_remove(&folder);
}

int main(int argc, char *argv[])
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(only_the_leader_is_sent_requests),
    };
    if (argc == 3 && strcmp(argv[1], "serve") == 0)
        return serve((uint16_t)strtoul(argv[2], NULL, 10));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
