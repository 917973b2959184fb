/* raw.c: see raw.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "etcd/base64.h"
#include "race.h"
#include "raw.h"

enum { REQUEST_BYTES_MAX = 2048, KEY_BYTES_MAX = 128 };

/* "floor/a", "floor/b" and "floor" */
static const char txn_path[] = "/v3/kv/txn";

#define LOCK_A "\"Zmxvb3IvYQ==\""
#define LOCK_B "\"Zmxvb3IvYg==\""
#define LEADER "\"Zmxvb3I=\""
#define ABSENT(key, is)                                                        \
    "{\"key\":" key ",\"target\":\"VERSION\",\"result\":\"" is                 \
    "\",\"version\":\"0\"}"
#define PUT(key) "{\"request_put\":{\"key\":" key ",\"value\":\"QQ==\"}}"
#define DELETE(key) "{\"request_delete_range\":{\"key\":" key "}}"

static int dial(const struct raw *raw)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons(raw->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    int on = 1;
    struct timeval limit = { .tv_sec = RACE_PATIENCE_S };
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address),
                     0);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

void raw_open(struct raw *raw, const char *endpoint)
{
    const char *colon = strrchr(endpoint, ':');
    assert_non_null(colon);
    raw->port = (uint16_t)strtoul(colon + 1, NULL, 10);
    raw->fd = dial(raw);
}

void raw_close(struct raw *raw)
{
    close(raw->fd);
}

/* The whole reply is there: its body, or NULL. */
static const char *whole_body(const struct raw *raw, size_t bytes)
{
    const char *body = strstr(raw->reply, "\r\n\r\n");
    const char *length = strstr(raw->reply, "\r\nContent-Length: ");
    if (!body || !length || length > body)
        return NULL;
    body += 4;
    size_t body_bytes = strtoul(length + 18, NULL, 10);
    return (size_t)(body - raw->reply) + body_bytes <= bytes ? body : NULL;
}

static void write_all(int fd, const char *text)
{
    size_t bytes = strlen(text);
    assert_int_equal(send(fd, text, bytes, MSG_NOSIGNAL), bytes);
}

static const char *post(struct raw *raw, const char *path, const char *body)
{
    char request[REQUEST_BYTES_MAX];
    (void)snprintf(request, sizeof request,
                   "POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: %zu\r\n\r\n%s",
                   path, strlen(body), body);
    write_all(raw->fd, request);
    size_t bytes = 0;
    const char *found = NULL;
    while (!found) {
        ssize_t n = read(raw->fd, raw->reply + bytes,
                         sizeof raw->reply - 1 - bytes);
        assert_true(n > 0);
        bytes += (size_t)n;
        raw->reply[bytes] = '\0';
        found = whole_body(raw, bytes);
    }
    if (strncmp(raw->reply, "HTTP/1.1 200", 12) != 0)
        fail_msg("%s: %s", path, raw->reply);
    return found;
}

/* A number of etcd's, which may be in quotes; 0: it is left out. */
static int64_t number(const char *body, const char *name)
{
    char quoted[KEY_BYTES_MAX];
    (void)snprintf(quoted, sizeof quoted, "\"%s\":", name);
    const char *found = strstr(body, quoted);
    if (!found)
        return 0;
    found += strlen(quoted);
    found += strspn(found, " \"");
    return strtoll(found, NULL, 10);
}

static void encode(const char *key, char ret_text[KEY_BYTES_MAX])
{
    size_t bytes = base64_encoded_bytes(strlen(key));
    assert_true(bytes < KEY_BYTES_MAX);
    base64_encode(ret_text, key, strlen(key));
    ret_text[bytes] = '\0';
}

int64_t raw_count(struct raw *raw, const char *prefix)
{
    char end[KEY_BYTES_MAX];
    char first_text[KEY_BYTES_MAX];
    char end_text[KEY_BYTES_MAX];
    char body[REQUEST_BYTES_MAX];
    (void)snprintf(end, sizeof end, "%s", prefix);
    end[strlen(end) - 1]++;
    encode(prefix, first_text);
    encode(end, end_text);
    (void)snprintf(body, sizeof body,
                   "{\"key\":\"%s\",\"range_end\":\"%s\",\"count_only\":true}",
                   first_text, end_text);
    return number(post(raw, "/v3/kv/range", body), "count");
}

int64_t raw_revision(struct raw *raw)
{
    return number(post(raw, "/v3/kv/range", "{\"key\":" LEADER "}"),
                  "revision");
}

int64_t raw_entries(struct raw *raw)
{
    return number(post(raw, "/v3/maintenance/status", "{}"),
                  "raftAppliedIndex");
}

/* A reply of any length, on a connection of its own, which ends with it. */
static void ask(struct raw *raw, const char *what, const char *body)
{
    char request[REQUEST_BYTES_MAX];
    int fd = dial(raw);
    (void)snprintf(request, sizeof request,
                   "%s HTTP/1.0\r\nContent-Length: %zu\r\n\r\n%s", what,
                   strlen(body), body);
    write_all(fd, request);
    size_t bytes = 0;
    ssize_t n;
    while ((n = read(fd, raw->reply + bytes, sizeof raw->reply - 1 - bytes)) >
           0)
        bytes += (size_t)n;
    close(fd);
    raw->reply[bytes] = '\0';
}

double raw_requests(struct raw *raw)
{
    static const char name[] = "\ngrpc_server_msg_received_total{";
    ask(raw, "GET /metrics", "");
    double sum = 0;
    unsigned found_n = 0;
    const char *at = raw->reply;
    while ((at = strstr(at, name))) {
        at = strchr(at, '}');
        assert_non_null(at);
        sum += strtod(at + 1, NULL);
        found_n++;
    }
    assert_true(found_n > 0);
    return sum;
}

void raw_prepare(struct raw *raw)
{
    post(raw, txn_path,
         "{\"success\":[" PUT(LOCK_A) "," PUT(LOCK_B) "," PUT(LEADER) "]}");
}

int64_t raw_two_commits_ns(struct raw *raw)
{
    int64_t from_ns = race_now_ns();
    post(
        raw, txn_path,
        "{\"compare\":[" ABSENT(LOCK_A, "GREATER") "," ABSENT(
            LEADER,
            "GREATER") "],\"success\":[" DELETE(LOCK_A) "," DELETE(LEADER) "]"
                                                                           "}");
    const char *reply = post(
        raw, txn_path,
        "{\"compare\":[" ABSENT(LOCK_A, "EQUAL") "," ABSENT(
            LOCK_B, "GREATER") "," ABSENT(LEADER, "EQUAL") "],"
                                                           "\"success\":[" PUT(
                                                               LEADER) "]}");
    int64_t took_ns = race_now_ns() - from_ns;
    assert_non_null(strstr(reply, "\"succeeded\":"));
    return took_ns;
}

void raw_revoke_all(struct raw *raw)
{
    static char leases[RAW_REPLY_BYTES_MAX];
    char body[REQUEST_BYTES_MAX];
    ask(raw, "POST /v3/lease/leases", "{}");
    (void)snprintf(leases, sizeof leases, "%s", raw->reply);
    for (const char *at = leases; (at = strstr(at, "\"ID\":")); at++) {
        (void)snprintf(body, sizeof body, "{\"ID\":\"%lld\"}",
                       (long long)number(at, "ID"));
        post(raw, "/v3/lease/revoke", body);
    }
}
