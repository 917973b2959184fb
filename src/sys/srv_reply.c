/* srv_reply.c: see srv_reply.h. */
#include "sys/srv_reply.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <assert.h>
#include <limits.h>
#include <resolv.h>
#include <string.h>
#include <strings.h>

#include "sys/error.h"
#include "sys/text.h"

enum {
    SRV_FIXED_BYTES = 6,   /* priority, weight, port */
    SHOWN_BYTES_MAX = 128, /* of a name, in a message */
};

struct reader {
    ns_msg message;
    char owner[NS_MAXDNAME]; /* what was asked for, or what it is an alias of */
    struct srv_reply reply;
};

static int refuse(struct candidate_error *err, const char *why)
{
    return error_set(err, CANDIDATE_EPROTO, "bad reply: %s", why);
}

static int refuse_name(struct candidate_error *err, const char *why,
                       const char *name)
{
    char shown[SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, name, strlen(name));
    return error_set(err, CANDIDATE_EPROTO, "bad reply: %s: \"%s\"", why,
                     shown);
}

/* What a URL may hold as a host. What the C library reads as an address, such
 * as 0x7f.1, and what is of numbers only, is no name. */
static bool host_is_valid(const char *host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    struct in_addr address;
    size_t size = strlen(host);
    return size <= SRV_HOST_BYTES_MAX && host[0] != '-' &&
        strspn(host, letters) == size && strspn(host, "0123456789.") < size &&
        inet_aton(host, &address) == 0;
}

/* Expand a name that must fill the rest of the record's data. */
static bool expand_rest(const struct reader *r, const ns_rr *rr, size_t offset,
                        char ret_name[NS_MAXDNAME])
{
    if (ns_rr_rdlen(*rr) <= offset)
        return false;
    int n = dn_expand(ns_msg_base(r->message), ns_msg_end(r->message),
                      ns_rr_rdata(*rr) + offset, ret_name, NS_MAXDNAME);
    return n >= 0 && (size_t)n == ns_rr_rdlen(*rr) - offset;
}

/* Before the first that comes after it. */
static void insert(struct srv_reply *reply, const struct srv_record *record)
{
    assert(reply->n < CANDIDATE_ENDPOINTS_MAX);
    unsigned i = reply->n++;
    for (; i > 0; i--) {
        const struct srv_record *before = &reply->records[i - 1];
        if (before->priority < record->priority ||
            (before->priority == record->priority &&
             before->weight >= record->weight))
            break;
        reply->records[i] = *before;
    }
    reply->records[i] = *record;
}

static int take_srv(struct reader *r, const ns_rr *rr,
                    struct candidate_error *err)
{
    char target[NS_MAXDNAME];
    if (!expand_rest(r, rr, SRV_FIXED_BYTES, target))
        return refuse(err, "an SRV record is cut or too long");
    if (target[0] == '\0') {
        r->reply.declined = true;
        return 0;
    }
    if (!host_is_valid(target))
        return refuse_name(err, "a target is no host name", target);
    struct srv_record record = {
        .priority = (uint16_t)ns_get16(ns_rr_rdata(*rr)),
        .weight = (uint16_t)ns_get16(ns_rr_rdata(*rr) + 2),
        .port = (uint16_t)ns_get16(ns_rr_rdata(*rr) + 4),
    };
    memcpy(record.host, target, strlen(target) + 1);
    if (record.port == 0)
        return refuse_name(err, "port 0", target);
    if (r->reply.n == CANDIDATE_ENDPOINTS_MAX)
        return error_set(err, CANDIDATE_ETOOBIG, "more than %d SRV records",
                         CANDIDATE_ENDPOINTS_MAX);
    insert(&r->reply, &record);
    return 0;
}

/* Records of other types, such as signatures, are passed over. */
static int take_record(struct reader *r, const ns_rr *rr,
                       struct candidate_error *err)
{
    bool alias = ns_rr_type(*rr) == ns_t_cname;
    if (ns_rr_class(*rr) != ns_c_in)
        return refuse(err, "a record of another class");
    if (!alias && ns_rr_type(*rr) != ns_t_srv)
        return 0;
    if (strcasecmp(ns_rr_name(*rr), r->owner) != 0)
        return refuse_name(err, "a record of another name", ns_rr_name(*rr));
    if (!alias)
        return take_srv(r, rr, err);
    if (!expand_rest(r, rr, 0, r->owner))
        return refuse(err, "an alias is cut or too long");
    return 0;
}

static int take_question(struct reader *r, struct candidate_error *err)
{
    ns_rr question;
    if (ns_msg_count(r->message, ns_s_qd) != 1 ||
        ns_parserr(&r->message, ns_s_qd, 0, &question) < 0)
        return refuse(err, "not one question");
    memcpy(r->owner, ns_rr_name(question), strlen(ns_rr_name(question)) + 1);
    return 0;
}

int srv_reply_parse(struct srv_reply *ret_reply, const unsigned char *data,
                    size_t size, struct candidate_error *err)
{
    struct reader r;
    memset(&r, 0, sizeof r);
    if (size > INT_MAX || ns_initparse(data, (int)size, &r.message) < 0)
        return refuse(err, "cut, or not in DNS's form");
    if (ns_msg_getflag(r.message, ns_f_tc))
        return error_set(err, CANDIDATE_ETOOBIG,
                         "the reply is truncated: its records are too many");
    int error = take_question(&r, err);
    int n = ns_msg_count(r.message, ns_s_an);
    for (int i = 0; i < n && error == 0; i++) {
        ns_rr rr;
        if (ns_parserr(&r.message, ns_s_an, i, &rr) < 0)
            return refuse(err, "a record is cut");
        error = take_record(&r, &rr, err);
    }
    if (error == 0)
        *ret_reply = r.reply;
    return error;
}
