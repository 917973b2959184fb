/* dns_server.h: a name server on loopback that answers as a test tells it, and
 * the messages that it sends, right or wrong. */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DNS_MESSAGE_BYTES_MAX = 4096,
    DNS_NAME_BYTES_MAX = 256,
    DNS_ASKED_MAX = 64,
    DNS_QUESTIONS_AT = 4, /* where it says how many there are */
    DNS_QUESTION_AT = 12, /* where a message's question begins */
};

struct dns_message {
    unsigned char data[DNS_MESSAGE_BYTES_MAX];
    size_t bytes;         /* 0: nothing is sent */
    bool edns;            /* the question was one with EDNS */
    bool forged_is_first; /* "no such name" with another id goes before it */
};

/* A reply without records to a question for SRV records of `name`. */
void dns_begin_srv(struct dns_message *m, const char *name);

void dns_set_rcode(struct dns_message *m, unsigned rcode);
void dns_set_truncated(struct dns_message *m);

/* The server knows nothing of the name, and asks nobody else. */
void dns_set_lame(struct dns_message *m);

/* Add a record to the answers.
 * owner  a name in labels with dots between; NULL: the question's. */
void dns_add(struct dns_message *m, const char *owner, unsigned type,
             unsigned class, const void *data, size_t bytes);

/* Add an SRV record of the question's name. */
void dns_add_srv(struct dns_message *m, unsigned priority, unsigned weight,
                 unsigned port, const char *target);

void dns_add_alias(struct dns_message *m, const char *owner,
                   const char *target);

/* How a name is answered; what no zone has does not exist. */
struct dns_zone {
    const char *name; /* NULL ends the list */
    void (*answer)(struct dns_message *m);
};

struct dns_server {
    struct sockaddr_in address;
    int fd;
    pthread_t thread;
    const struct dns_zone *zones;
    void (*before_reply)(void); /* called in the server's thread, or NULL */
    /* What was asked; to be read after dns_server_stop(). */
    char asked[DNS_ASKED_MAX][DNS_NAME_BYTES_MAX];
    unsigned asked_n;
};

void dns_server_start(struct dns_server *s, const struct dns_zone *zones,
                      void (*before_reply)(void));
void dns_server_stop(struct dns_server *s);

#endif
