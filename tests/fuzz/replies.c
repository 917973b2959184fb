/* replies.c: see replies.h. The names are those of etcd's rpc.proto. */
#include "fuzz/replies.h"

#include <string.h>

#include "fuzz/fuzz.h"

enum { OK = 200, NOT_FOUND = 404 };

/* A request under way. */
struct giving {
    struct store *store;
    struct said *out;
    bool contrary;
    bool no_lease; /* a key was to be put on one that is not there */
};

static void say_number(struct said *out, const char *name, int64_t number)
{
    said_add(out, "\"%s\":\"%lld\"", name, (long long)number);
}

static void say_header(struct said *out, const struct store *s, int64_t term)
{
    said_add(out, "\"header\":{\"cluster_id\":\"7\",\"member_id\":\"8\",");
    say_number(out, "revision", s->revision);
    said_add(out, ",");
    say_number(out, "raft_term", term);
    said_add(out, "}");
}

static void say_kv(struct said *out, const struct store_kv *kv)
{
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {
        { "create_revision", kv->create_revision },
        { "mod_revision", kv->mod_revision },
        { "version", kv->version },
        { "lease", kv->lease },
    };
    said_add(out, "{\"key\":");
    said_add_bytes(out, kv->key.data, kv->key.size);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        said_add(out, ",");
        say_number(out, numbers[i].name, numbers[i].number);
    }
    said_add(out, ",\"value\":");
    said_add_bytes(out, kv->value, kv->value_bytes);
    said_add(out, "}");
}

/* ---- ranges ---- */

struct range {
    struct asked_key from, end; /* end.size 0: one key */
    int64_t created_max;        /* 0: any */
};

static struct range read_range(const char *asked)
{
    return (struct range){
        .from = asked_bytes(asked, "key"),
        .end = asked_bytes(asked, "range_end"),
        .created_max = asked_number(asked, "max_create_revision"),
    };
}

static bool has(const struct range *r, const struct store_kv *kv)
{
    int order = asked_order(&kv->key, &r->from);
    return kv->create_revision &&
        (r->end.size ? order >= 0 && asked_order(&kv->key, &r->end) < 0
                     : order == 0) &&
        (!r->created_max || kv->create_revision <= r->created_max);
}

/* The next one, oldest or newest first, behind the one that was given. */
static const struct store_kv *next_of(const struct store *s,
                                      const struct range *r, bool newest,
                                      const struct store_kv *last)
{
    const struct store_kv *best = NULL;
    for (size_t i = 0; i < STORE_KEYS_MAX; i++) {
        const struct store_kv *kv = &s->kvs[i];
        int64_t sign = newest ? -1 : 1;
        bool comes = has(r, kv) &&
            (!last ||
             kv->create_revision * sign > last->create_revision * sign);
        if (comes &&
            (!best ||
             kv->create_revision * sign < best->create_revision * sign))
            best = kv;
    }
    return best;
}

static void do_range(struct giving *g, const char *asked)
{
    struct range r = read_range(asked);
    bool newest = asked_is(asked, "sort_order", "DESCEND");
    int64_t limit = asked_number(asked, "limit");
    const char *between = "";
    const struct store_kv *kv = NULL;
    int64_t n = 0;
    said_add(g->out, "\"kvs\":[");
    while ((kv = next_of(g->store, &r, newest, kv)) != NULL) {
        bool listed = !asked_is(asked, "count_only", "true") &&
            (!limit || n < limit);
        n++;
        if (!listed)
            continue;
        said_add(g->out, "%s", between);
        say_kv(g->out, kv);
        between = ",";
    }
    said_add(g->out, "],");
    say_number(g->out, "count", n);
}

/* ---- transactions ---- */

static bool holds_of(const char *asked, const struct store_kv *kv)
{
    const struct {
        const char *target;
        const char *operand;
        int64_t is;
    } numbers[] = {
        { "VERSION", "version", kv->version },
        { "CREATE", "create_revision", kv->create_revision },
        { "MOD", "mod_revision", kv->mod_revision },
        { "LEASE", "lease", kv->lease },
    };
    int order = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        int64_t operand = asked_number(asked, numbers[i].operand);
        if (asked_is(asked, "target", numbers[i].target))
            order = (numbers[i].is > operand) - (numbers[i].is < operand);
    }
    if (asked_is(asked, "target", "VALUE")) {
        struct asked_key value = asked_bytes(asked, "value");
        struct asked_key is = { .size = kv->value_bytes };
        memcpy(is.data, kv->value, kv->value_bytes);
        order = asked_order(&is, &value);
    }
    return asked_is(asked, "result", "EQUAL")    ? order == 0
        : asked_is(asked, "result", "NOT_EQUAL") ? order != 0
        : asked_is(asked, "result", "GREATER")   ? order > 0
                                                 : order < 0;
}

/* For every key of the range; where there is none, for one that is all zero,
 * which has no value. */
static bool holds(const struct giving *g, const char *asked)
{
    struct range r = read_range(asked);
    const struct store_kv *kv = next_of(g->store, &r, false, NULL);
    if (!kv)
        return !asked_is(asked, "target", "VALUE") &&
            holds_of(asked, &(struct store_kv){ .version = 0 });
    for (; kv; kv = next_of(g->store, &r, false, kv))
        if (!holds_of(asked, kv))
            return false;
    return true;
}

static void do_put(struct giving *g, const char *asked)
{
    struct asked_key key = asked_bytes(asked, "key");
    struct asked_key value = asked_bytes(asked, "value");
    int64_t lease = asked_number(asked, "lease");
    if (lease && !store_find_lease(g->store, lease))
        g->no_lease = true;
    else
        store_put(g->store, &key, value.data, value.size, lease);
}

static void do_delete(struct giving *g, const char *asked)
{
    struct asked_key key = asked_bytes(asked, "key");
    say_number(g->out, "deleted", store_delete(g->store, &key));
}

/* One that lies does so in the outermost transaction, once. */
static bool do_txn(struct giving *g, const char *asked);

static void do_inner(struct giving *g, const char *asked)
{
    (void)do_txn(g, asked);
}

static void do_operations(struct giving *g, const char *asked)
{
    static const struct {
        const char *name;
        void (*act)(struct giving *g, const char *asked);
    } acts[] = {
        { "range", do_range },
        { "put", do_put },
        { "delete_range", do_delete },
        { "txn", do_inner },
    };
    const char *between = "";
    for (const char *op = asked_first(asked); op; op = asked_next(op)) {
        for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
            char name[32];
            (void)snprintf(name, sizeof name, "request_%s", acts[i].name);
            const char *member = asked_member(op, name);
            if (!member)
                continue;
            said_add(g->out, "%s{\"response_%s\":{", between, acts[i].name);
            acts[i].act(g, member);
            said_add(g->out, "}}");
        }
        between = ",";
    }
}

static bool do_txn(struct giving *g, const char *asked)
{
    bool succeeds = true;
    const char *compare = asked_first(asked_member(asked, "compare"));
    for (; compare; compare = asked_next(compare))
        succeeds = holds(g, compare) && succeeds;
    succeeds = succeeds != g->contrary;
    g->contrary = false;
    said_add(g->out, "\"succeeded\":%s,\"responses\":[",
             succeeds ? "true" : "false");
    do_operations(g, asked_member(asked, succeeds ? "success" : "failure"));
    said_add(g->out, "]");
    return succeeds;
}

/* ---- whole replies ---- */

static struct replies_meaning refuse(struct said *out)
{
    out->bytes = 0;
    said_add(out,
             "{\"error\":\"etcdserver: requested lease not found\","
             "\"code\":5}");
    return (struct replies_meaning){ .status = NOT_FOUND };
}

static struct replies_meaning give_txn(struct giving *g, const char *body)
{
    struct replies_meaning meaning = { .status = OK };
    struct said *said = g->out;
    static struct said results; /* the header, with the revision, is before */
    results.bytes = 0;
    g->out = &results;
    meaning.succeeded = do_txn(g, body);
    if (g->no_lease)
        return refuse(said);
    said_add(said, "{");
    say_header(said, g->store, g->store->term);
    said_add(said, ",%.*s}", (int)results.bytes, results.text);
    return meaning;
}

static struct replies_meaning give_lease(struct giving *g, bool deposed,
                                         bool streams, const char *body)
{
    struct store *s = g->store;
    int64_t id = asked_number(body, "ID");
    if (!streams)
        store_grant(s, id, asked_number(body, "TTL"));
    struct store_lease *lease = store_find_lease(s, id);
    deposed = deposed && lease && lease->term < s->term;
    if (lease && !deposed)
        store_renew(s, lease);
    said_add(g->out, streams ? "{\"result\":{" : "{");
    say_header(g->out, s, deposed ? s->term - 1 : s->term);
    said_add(g->out, ",");
    say_number(g->out, "ID", id);
    if (lease) {
        said_add(g->out, ",");
        say_number(g->out, "TTL", lease->ttl_s);
    }
    said_add(g->out, streams ? "}}" : "}");
    return (struct replies_meaning){ .status = OK,
                                     .ttl_s = lease ? lease->ttl_s : 0 };
}

struct replies_meaning replies_give(struct store *s,
                                    const struct replies_ask *ask,
                                    const char *path, const char *body,
                                    struct said *out)
{
    struct giving g = { .store = s, .out = out, .contrary = ask->contrary };
    bool keepalive = strncmp(path, "/v3/lease/keepalive ", 20) == 0;
    store_begin(s);
    if (strncmp(path, "/v3/kv/txn ", 11) == 0)
        return give_txn(&g, body);
    if (keepalive || strncmp(path, "/v3/lease/grant ", 16) == 0)
        return give_lease(&g, ask->deposed, keepalive, body);
    if (strncmp(path, "/v3/lease/revoke ", 17) == 0 &&
        !store_revoke(s, asked_number(body, "ID")))
        return refuse(out);
    said_add(out, "{");
    say_header(out, s, s->term);
    if (strncmp(path, "/v3/kv/range ", 13) == 0) {
        said_add(out, ",");
        do_range(&g, body);
    }
    said_add(out, "}");
    return (struct replies_meaning){ .status = OK };
}

void replies_tell(const struct store *s, const struct store_kv *kv,
                  int64_t watch_id, struct said *out)
{
    said_add(out, "{\"result\":{");
    say_header(out, s, s->term);
    said_add(out, ",\"watch_id\":\"%lld\",\"events\":[{%s\"kv\":",
             (long long)watch_id,
             kv->create_revision ? "" : "\"type\":\"DELETE\",");
    say_kv(out, kv);
    said_add(out, "}]}}");
}
