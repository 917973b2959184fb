/* srv.c: see srv.h. */
#include "sys/srv.h"

#include <arpa/nameser.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sys/clock.h"
#include "sys/error.h"
#include "sys/text.h"

#define SECURE "_etcd-client-ssl._tcp"
#define PLAIN "_etcd-client._tcp"

enum {
    REPLY_BYTES_MAX = 4096,
    LABEL_BYTES_MAX = 63, /* RFC 1035, section 2.3.4 */
    NAME_BYTES_MAX = 253, /* the same, in text */
    DOMAIN_BYTES_MAX = NAME_BYTES_MAX - (int)sizeof SECURE,
    SHOWN_BYTES_MAX = 128, /* of a domain, in a message */
    SUFFIXES_MAX = MAXDNSRCH + 1,
};

/* Why there are no records: what says more is larger. */
enum absence { NO_NAME, NO_RECORDS, DECLINED };

struct lookup {
    struct __res_state resolver;
    const char *domain;
    int64_t end_at_ms;
    unsigned char data[REPLY_BYTES_MAX];
};

struct answer {
    struct srv_reply reply;
    enum absence absence; /* when the reply has no records */
};

struct list {
    const struct srv_record *records[CANDIDATE_ENDPOINTS_MAX];
    unsigned n;
    char text[SRV_LIST_BYTES_MAX];
    size_t bytes; /* of the text, its end not included */
};

/* Labels of letters, digits and the few signs that names have. */
static bool domain_is_valid(const char *domain)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";
    if (strlen(domain) > DOMAIN_BYTES_MAX)
        return false;
    const char *p = domain;
    do {
        size_t label = strspn(p, letters);
        if (label == 0 || label > LABEL_BYTES_MAX)
            return false;
        p += label;
        if (*p == '.')
            p++;
        else if (*p)
            return false;
    } while (*p);
    return true;
}

static int minimum(int a, int b)
{
    return a < b ? a : b;
}

/* resolv.conf may ask for less patience, never for more. A truncated reply is
 * not asked for again through TCP, nor is TCP used at all, because the C
 * library sets no limit to the time that its TCP connections take. EDNS makes
 * room for as many records as there may be endpoints, with usual names. */
static int open_resolver(struct lookup *l, const struct sockaddr_in *nameserver,
                         struct candidate_error *err)
{
    struct __res_state *r = &l->resolver;
    if (res_ninit(r) < 0)
        return error_set(err, CANDIDATE_ESYSTEM,
                         "cannot set the resolver up: %s", strerror(errno));
    if (nameserver) {
        r->nscount = 1;
        r->nsaddr_list[0] = *nameserver;
    }
    r->options &= ~(unsigned long)RES_USEVC;
    r->options |= RES_IGNTC | RES_USE_EDNS0;
    r->retrans = minimum(r->retrans, SRV_TRY_S_MAX);
    r->retry = minimum(r->retry, r->nscount > 1 ? 1 : SRV_TRIES_MAX);
    return 0;
}

static HEADER header_of(const struct lookup *l)
{
    HEADER header;
    memcpy(&header, l->data, sizeof header);
    return header;
}

/* The resolver does not say what a server that it gave up has answered, but
 * leaves the reply where it read it. */
static int explain_failure(const struct lookup *l, int error_number,
                           struct candidate_error *err)
{
    HEADER header = header_of(l);
    unsigned rcode = header.qr ? header.rcode : ns_r_noerror;
    if (rcode == ns_r_servfail)
        return error_set(err, CANDIDATE_ERETRY,
                         "the name server has failed (SERVFAIL)");
    if (rcode == ns_r_refused)
        return error_set(err, CANDIDATE_ERETRY,
                         "the name server will not answer us (REFUSED)");
    if (rcode != ns_r_noerror)
        return error_set(err, CANDIDATE_ERETRY,
                         "the name server answers with error %u", rcode);
    if (header.qr)
        return error_set(err, CANDIDATE_ERETRY,
                         "no answer of use from a name server");
    if (error_number == ETIMEDOUT)
        return error_set(err, CANDIDATE_ERETRY,
                         "no answer from a name server in time");
    return error_set(err, CANDIDATE_ERETRY, "cannot ask a name server: %s",
                     strerror(error_number));
}

/* Send one question. Returns as res_nquerydomain(). */
static int query(struct lookup *l, const char *name, const char *suffix)
{
    memset(l->data, 0, sizeof l->data);
    errno = 0;
    return res_nquerydomain(&l->resolver, name, suffix, ns_c_in, ns_t_srv,
                            l->data, sizeof l->data);
}

/* A server that does not know EDNS is asked again without. RFC 6891,
 * section 7. */
static int query_twice(struct lookup *l, const char *name, const char *suffix)
{
    int n = query(l, name, suffix);
    if (n >= 0 || header_of(l).rcode != (unsigned)ns_r_formerr ||
        !(l->resolver.options & RES_USE_EDNS0))
        return n;
    l->resolver.options &= ~(unsigned long)RES_USE_EDNS0;
    return query(l, name, suffix);
}

/* Ask for `name` below `suffix`, or for itself when that is NULL.
 * ret_answer  set on success only. */
static int ask(struct lookup *l, const char *name, const char *suffix,
               struct answer *ret_answer, struct candidate_error *err)
{
    if (clock_now_ms() >= l->end_at_ms)
        return error_set(err, CANDIDATE_ERETRY, "the name servers are slow");
    int n = query_twice(l, name, suffix);
    int error_number = errno;
    int cause = l->resolver.res_h_errno;
    struct answer answer = { .absence = NO_RECORDS };
    int r = 0;
    if (n >= 0)
        r = srv_reply_parse(&answer.reply, l->data,
                            (size_t)minimum(n, (int)sizeof l->data), err);
    else if (cause == HOST_NOT_FOUND)
        answer.absence = NO_NAME;
    else if (cause != NO_DATA)
        r = explain_failure(l, error_number, err);
    else if (header_of(l).tc)
        r = error_set(err, CANDIDATE_ETOOBIG, "the reply is truncated");
    if (r < 0)
        return r;
    if (answer.reply.declined)
        answer.absence = DECLINED;
    *ret_answer = answer;
    return 0;
}

/* Below which domains the resolver would look for a name, in its order; NULL
 * is the name itself. Done here, because res_nsearch() sets no limit to the
 * time that a long list takes. Returns how many there are. */
static unsigned search_list(const struct lookup *l, const char *name,
                            const char *ret_suffixes[SUFFIXES_MAX])
{
    unsigned dots = 0;
    for (const char *p = name; *p; p++)
        dots += *p == '.';
    bool absolute = name[strlen(name) - 1] == '.';
    bool itself_first = absolute || dots >= l->resolver.ndots;
    unsigned n = 0;
    if (itself_first)
        ret_suffixes[n++] = NULL;
    for (unsigned i = 0; !absolute && i < MAXDNSRCH; i++) {
        const char *suffix = l->resolver.dnsrch[i];
        if (!suffix)
            break;
        if (suffix[0] == '.')
            suffix++;
        if (strlen(name) + 1 + strlen(suffix) <= NAME_BYTES_MAX)
            ret_suffixes[n++] = suffix;
    }
    if (!itself_first)
        ret_suffixes[n++] = NULL;
    return n;
}

/* Look for the records of a service.
 * ret_answer  set on success only. */
static int look_up(struct lookup *l, const char *service,
                   struct answer *ret_answer, struct candidate_error *err)
{
    char name[NAME_BYTES_MAX + 1];
    int size = snprintf(name, sizeof name, "%s.%s", service, l->domain);
    assert(size > 0 && (size_t)size < sizeof name);
    const char *suffixes[SUFFIXES_MAX];
    unsigned n = search_list(l, name, suffixes);
    struct answer answer = { .absence = NO_NAME };
    enum absence absence = NO_NAME;
    for (unsigned i = 0; i < n; i++) {
        int r = ask(l, name, suffixes[i], &answer, err);
        if (r < 0)
            return error_wrap(err, r, "%s", service);
        if (answer.absence > absence)
            absence = answer.absence;
        if (answer.reply.n > 0 || absence == DECLINED)
            break;
    }
    answer.absence = absence;
    *ret_answer = answer;
    return 0;
}

static bool is_known(const struct list *list, const struct srv_record *record)
{
    for (unsigned i = 0; i < list->n; i++)
        if (list->records[i]->port == record->port &&
            strcasecmp(list->records[i]->host, record->host) == 0)
            return true;
    return false;
}

static int add(struct list *list, const char *scheme,
               const struct srv_reply *reply, struct candidate_error *err)
{
    for (unsigned i = 0; i < reply->n; i++) {
        const struct srv_record *record = &reply->records[i];
        if (is_known(list, record))
            continue;
        if (list->n == CANDIDATE_ENDPOINTS_MAX)
            return error_set(err, CANDIDATE_ETOOBIG, "more than %d endpoints",
                             CANDIDATE_ENDPOINTS_MAX);
        list->records[list->n++] = record;
        int size = snprintf(list->text + list->bytes,
                            sizeof list->text - list->bytes, "%s%s://%s:%u",
                            list->bytes ? "," : "", scheme, record->host,
                            (unsigned)record->port);
        assert(size > 0 && (size_t)size < sizeof list->text - list->bytes);
        list->bytes += (size_t)size;
    }
    return 0;
}

static int explain_absence(enum absence secure, enum absence plain,
                           struct candidate_error *err)
{
    switch (plain > secure ? plain : secure) {
    case NO_NAME:
        return error_set(err, CANDIDATE_ENOTFOUND,
                         "neither " SECURE " nor " PLAIN
                         " is there (NXDOMAIN)");
    case NO_RECORDS:
        return error_set(err, CANDIDATE_ENOTFOUND,
                         "no SRV records of " SECURE " or " PLAIN);
    case DECLINED:
        return error_set(err, CANDIDATE_ENOTFOUND,
                         "its SRV records say that it has no such service");
    }
    abort();
}

/* When TLS has its records, the others are an addition that can be missed. */
static int find(struct lookup *l, char *ret_list, struct candidate_error *err)
{
    struct answer secure = { .absence = NO_NAME };
    struct answer plain = { .absence = NO_NAME };
    int r = look_up(l, SECURE, &secure, err);
    if (r < 0)
        return r;
    r = look_up(l, PLAIN, &plain, err);
    if (r < 0 && secure.reply.n == 0)
        return r;
    if (r < 0)
        plain.reply.n = 0;
    struct list list = { .n = 0 };
    r = add(&list, "https", &secure.reply, err);
    if (r == 0)
        r = add(&list, "http", &plain.reply, err);
    if (r < 0)
        return r;
    if (list.n == 0)
        return explain_absence(secure.absence, plain.absence, err);
    memcpy(ret_list, list.text, list.bytes + 1);
    return 0;
}

int srv_endpoints(const char *domain, const struct sockaddr_in *nameserver,
                  char *ret_list, size_t list_bytes,
                  struct candidate_error *err)
{
    assert(domain && ret_list && list_bytes >= SRV_LIST_BYTES_MAX);
    (void)list_bytes;
    char shown[SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, domain, strlen(domain));
    if (!domain_is_valid(domain))
        return error_set(err, CANDIDATE_EINVAL,
                         "\"%s\" is not the name of a DNS domain", shown);
    struct lookup lookup;
    memset(&lookup, 0, sizeof lookup);
    lookup.domain = domain;
    lookup.end_at_ms = clock_now_ms() + SRV_TOTAL_MS_MAX;
    int r = open_resolver(&lookup, nameserver, err);
    if (r < 0)
        return r;
    r = find(&lookup, ret_list, err);
    res_nclose(&lookup.resolver);
    return r < 0 ? error_wrap(err, r, "DNS domain \"%s\"", shown) : 0;
}
