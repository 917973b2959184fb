/* dns_server.c: see dns_server.h. What goes wrong here ends the program,
 * because cmocka's asserts are of no use outside its thread. */
#include "support/dns_server.h"

#include <arpa/nameser.h>
#include <assert.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    FLAGS_AT = 2,
    RCODE_AT = 3, /* and more flags */
    ANSWERS_AT = 6,
    ADDITIONALS_AT = 10,
    REPLY_FLAG = 0x80,
    TRUNCATED_FLAG = 0x02,
    RECURSION_FLAG = 0x80, /* of RCODE_AT: the server asks others */
    POINTER = 0xc000,      /* a name that stands at an earlier offset */
    TTL_S = 60,
};

static void put(struct dns_message *m, const void *data, size_t bytes)
{
    assert(bytes <= sizeof m->data - m->bytes);
    memcpy(m->data + m->bytes, data, bytes);
    m->bytes += bytes;
}

static void put_number(struct dns_message *m, unsigned number)
{
    unsigned char bytes[2] = { (unsigned char)(number >> 8),
                               (unsigned char)number };
    put(m, bytes, sizeof bytes);
}

/* Write a name as a message has it, uncompressed. Returns its bytes. */
static size_t write_name(unsigned char out[DNS_NAME_BYTES_MAX],
                         const char *name)
{
    size_t bytes = 0;
    while (*name) {
        size_t label = strcspn(name, ".");
        assert(label < 64 && bytes + label + 2 <= DNS_NAME_BYTES_MAX);
        out[bytes++] = (unsigned char)label;
        memcpy(out + bytes, name, label);
        bytes += label;
        name += label + (name[label] == '.');
    }
    out[bytes++] = 0;
    return bytes;
}

/* The question's name in text. Returns the offset behind it. */
static size_t question_name(const unsigned char *query, size_t query_bytes,
                            char ret_name[DNS_NAME_BYTES_MAX])
{
    size_t at = DNS_QUESTION_AT;
    size_t bytes = 0;
    while (query[at] > 0) {
        size_t label = query[at++];
        assert(at + label < query_bytes && bytes + label + 2 < query_bytes);
        if (bytes > 0)
            ret_name[bytes++] = '.';
        memcpy(ret_name + bytes, query + at, label);
        bytes += label;
        at += label;
    }
    ret_name[bytes] = '\0';
    return at + 1;
}

/* A reply without records to the question in `query`. */
static void begin(struct dns_message *m, const unsigned char *query,
                  size_t query_bytes)
{
    char name[DNS_NAME_BYTES_MAX];
    size_t question_end = question_name(query, query_bytes, name) + 4;
    assert(question_end <= query_bytes);
    memset(m, 0, sizeof *m);
    put(m, query, question_end);
    m->edns = query[ADDITIONALS_AT + 1] > 0;
    m->data[FLAGS_AT] |= REPLY_FLAG;
    m->data[RCODE_AT] = RECURSION_FLAG;
    memset(m->data + ANSWERS_AT, 0, DNS_QUESTION_AT - ANSWERS_AT);
}

void dns_begin_srv(struct dns_message *m, const char *name)
{
    unsigned char query[DNS_QUESTION_AT + DNS_NAME_BYTES_MAX + 4] = { 0 };
    query[DNS_QUESTIONS_AT + 1] = 1;
    size_t at = DNS_QUESTION_AT + write_name(query + DNS_QUESTION_AT, name);
    query[at + 1] = ns_t_srv;
    query[at + 3] = ns_c_in;
    begin(m, query, at + 4);
}

void dns_set_rcode(struct dns_message *m, unsigned rcode)
{
    m->data[RCODE_AT] = (unsigned char)(RECURSION_FLAG | rcode);
}

void dns_set_lame(struct dns_message *m)
{
    m->data[RCODE_AT] = 0;
}

void dns_set_truncated(struct dns_message *m)
{
    m->data[FLAGS_AT] |= TRUNCATED_FLAG;
}

void dns_add(struct dns_message *m, const char *owner, unsigned type,
             unsigned class, const void *data, size_t bytes)
{
    unsigned char name[DNS_NAME_BYTES_MAX];
    if (owner)
        put(m, name, write_name(name, owner));
    else
        put_number(m, POINTER | DNS_QUESTION_AT);
    put_number(m, type);
    put_number(m, class);
    put_number(m, 0);
    put_number(m, TTL_S);
    put_number(m, (unsigned)bytes);
    put(m, data, bytes);
    m->data[ANSWERS_AT + 1]++;
}

void dns_add_srv(struct dns_message *m, unsigned priority, unsigned weight,
                 unsigned port, const char *target)
{
    struct dns_message data = { .bytes = 0 };
    unsigned char name[DNS_NAME_BYTES_MAX];
    put_number(&data, priority);
    put_number(&data, weight);
    put_number(&data, port);
    put(&data, name, write_name(name, target));
    dns_add(m, NULL, ns_t_srv, ns_c_in, data.data, data.bytes);
}

void dns_add_alias(struct dns_message *m, const char *owner, const char *target)
{
    unsigned char name[DNS_NAME_BYTES_MAX];
    size_t bytes = write_name(name, target);
    dns_add(m, owner, ns_t_cname, ns_c_in, name, bytes);
}

static void answer(const struct dns_server *s, const char *name,
                   struct dns_message *m)
{
    for (const struct dns_zone *zone = s->zones; zone->name; zone++)
        if (strcasecmp(zone->name, name) == 0) {
            zone->answer(m);
            return;
        }
    dns_set_rcode(m, ns_r_nxdomain);
}

static void send_to(const struct dns_server *s, const struct dns_message *m,
                    const struct sockaddr_in *client)
{
    ssize_t n = sendto(s->fd, m->data, m->bytes, 0,
                       (const struct sockaddr *)client, sizeof *client);
    assert(n == (ssize_t)m->bytes);
    (void)n;
}

static void reply(struct dns_server *s, const unsigned char *query,
                  size_t query_bytes, const struct sockaddr_in *client)
{
    struct dns_message m;
    assert(s->asked_n < DNS_ASKED_MAX);
    char *name = s->asked[s->asked_n++];
    (void)question_name(query, query_bytes, name);
    begin(&m, query, query_bytes);
    struct dns_message forged = m;
    answer(s, name, &m);
    if (s->before_reply)
        s->before_reply();
    if (m.forged_is_first) {
        forged.data[0] ^= 0xff;
        dns_set_rcode(&forged, ns_r_nxdomain);
        send_to(s, &forged, client);
    }
    if (m.bytes > 0)
        send_to(s, &m, client);
}

/* Until a datagram of no bytes comes. */
static void *serve(void *argument)
{
    struct dns_server *s = argument;
    for (;;) {
        unsigned char query[DNS_MESSAGE_BYTES_MAX];
        struct sockaddr_in client;
        socklen_t length = sizeof client;
        ssize_t n = recvfrom(s->fd, query, sizeof query, 0,
                             (struct sockaddr *)&client, &length);
        assert(n >= 0);
        if (n == 0)
            return NULL;
        assert(n > DNS_QUESTION_AT);
        reply(s, query, (size_t)n, &client);
    }
}

void dns_server_start(struct dns_server *s, const struct dns_zone *zones,
                      void (*before_reply)(void))
{
    memset(s, 0, sizeof *s);
    s->zones = zones;
    s->before_reply = before_reply;
    s->address.sin_family = AF_INET;
    s->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert(s->fd >= 0);
    socklen_t length = sizeof s->address;
    int r = bind(s->fd, (struct sockaddr *)&s->address, length);
    assert(r == 0);
    r = getsockname(s->fd, (struct sockaddr *)&s->address, &length);
    assert(r == 0);
    r = pthread_create(&s->thread, NULL, serve, s);
    assert(r == 0);
    (void)r;
}

void dns_server_stop(struct dns_server *s)
{
    ssize_t n = sendto(s->fd, "", 0, 0, (const struct sockaddr *)&s->address,
                       sizeof s->address);
    assert(n == 0);
    (void)n;
    int r = pthread_join(s->thread, NULL);
    assert(r == 0);
    (void)r;
    close(s->fd);
}
