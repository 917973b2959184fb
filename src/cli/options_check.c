/* options_check.c: what must fit together on a command line. */
#include "cli/options_private.h"

#include <string.h>

#include "sys/error.h"
#include "sys/text.h"

struct check {
    struct options *options;
    const bool *given;
    struct candidate_error *err;
};

static bool is_given(const struct check *p, const char *name)
{
    return p->given[option_find(name, strlen(name)) - options_table];
}

enum {
    LEAD_PERMILLE = 900, /* of the TTL one leads surely, less the next */
    LEAD_MARGIN_MS = 250,
    RENEW_TTLS = 3, /* a renewal is due after a third of the TTL */
    RETRY_TTLS = 2, /* and one that is not answered is tried again by half */
};

/* What remains of the TTL for the command's end, if a renewal is not to come
 * too late because one was not answered. */
static int check_grace(struct check *p)
{
    struct options *o = p->options;
    if (!o->command)
        return o->grace_ms == 0
            ? 0
            : error_set(p->err, CANDIDATE_EINVAL,
                        "--grace: no COMMAND is given, behind \"--\"");
    unsigned ttl_ms = o->config.ttl_s * 1000;
    unsigned lead_ms = ttl_ms * LEAD_PERMILLE / 1000 - LEAD_MARGIN_MS;
    unsigned retry_ms = ttl_ms / RETRY_TTLS;
    if (o->grace_ms == 0)
        o->grace_ms = ttl_ms / OPTIONS_GRACE_TTLS;
    if (o->grace_ms + retry_ms <= lead_ms)
        return 0;
    return error_set(p->err, CANDIDATE_EINVAL,
                     "--grace: %u ms do not fit into --ttl %u: each renewal "
                     "lets us lead for %u ms, the next is due after %u ms and "
                     "may have to be tried again until %u ms; so --grace is at "
                     "most %ums",
                     o->grace_ms, o->config.ttl_s, lead_ms, ttl_ms / RENEW_TTLS,
                     retry_ms, lead_ms - retry_ms);
}

static int too_many(struct check *p, const char *argument, const char *why)
{
    char shown[OPTIONS_SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, argument, strlen(argument));
    return error_set(p->err, CANDIDATE_EINVAL, "\"%s\": %s", shown, why);
}

/* What stands beside the options is an ID only where there is an election. */
static int check_fencing(struct check *p)
{
    struct options *o = p->options;
    const char *beside = o->config.id;
    o->config.id = NULL;
    if (o->action == OPTIONS_FENCE_FILE) {
        if (beside)
            return too_many(p, beside, "COMMAND stands behind \"--\"");
        return o->command
            ? 0
            : error_set(p->err, CANDIDATE_EINVAL,
                        "--fence-file: no COMMAND is given, behind \"--\"");
    }
    if (o->command)
        return too_many(p, o->command[0], "a fenced write runs no command");
    if (o->action == OPTIONS_FENCED_DELETE)
        return beside ? too_many(p, beside, "--fenced-delete takes no VALUE")
                      : 0;
    o->value = beside;
    return beside ? 0
                  : error_set(p->err, CANDIDATE_EINVAL,
                              "--fenced-put: no VALUE is given");
}

/* Beside an action that takes no part stands the election, if anything does. */
static int check_outside(struct check *p)
{
    struct options *o = p->options;
    if (o->command)
        return too_many(p, o->command[0],
                        "whoever takes no part runs no command");
    if (o->config.id && is_given(p, "election"))
        return too_many(p, o->config.id, "--election says already which one");
    o->ttl_given = is_given(p, "ttl");
    if (o->config.id)
        o->config.election = o->config.id;
    o->config.id = NULL;
    return 0;
}

/* ---- options that say something to some actions only ---- */

#define BIT(action) (1u << (action))

enum {
    TAKES_PART = BIT(OPTIONS_RUN),
    FENCES = BIT(OPTIONS_FENCED_PUT) | BIT(OPTIONS_FENCED_DELETE) |
        BIT(OPTIONS_FENCE_FILE),
    OBSERVES = BIT(OPTIONS_OBSERVE),
    READS = OBSERVES | BIT(OPTIONS_STATUS) | BIT(OPTIONS_WHY) |
        BIT(OPTIONS_HISTORY),
};

enum { TIED_NAMES_MAX = 12 };

static const struct {
    const char *names[TIED_NAMES_MAX];
    unsigned actions;
    const char *words;
} tied[] = {
    { { "once", "wait", "nowait", "grace", "guardian", "priority", "on-elected",
        "on-lost", "on-leader-change", "hook-timeout", "listen" },
      TAKES_PART,
      "is for who takes part" },
    { { "token", "lock-key" }, FENCES, "is for --fenced-put and its like" },
    { { "plain" }, OBSERVES, "is for --observe" },
    { { "write-out" }, TAKES_PART | READS, "is for who takes part or reads" },
};

static int check_ties(struct check *p)
{
    for (size_t i = 0; i < sizeof tied / sizeof *tied; i++) {
        if (tied[i].actions & BIT(p->options->action))
            continue;
        for (size_t j = 0; j < TIED_NAMES_MAX && tied[i].names[j]; j++)
            if (is_given(p, tied[i].names[j]))
                return error_set(p->err, CANDIDATE_EINVAL, "--%s: %s",
                                 tied[i].names[j], tied[i].words);
    }
    return 0;
}

static int check_action(struct check *p)
{
    if (check_ties(p) < 0)
        return CANDIDATE_EINVAL;
    switch (p->options->action) {
    case OPTIONS_FENCED_PUT:
    case OPTIONS_FENCED_DELETE:
    case OPTIONS_FENCE_FILE:
        return check_fencing(p);
    case OPTIONS_STATUS:
    case OPTIONS_WHY:
    case OPTIONS_HISTORY:
    case OPTIONS_OBSERVE:
    case OPTIONS_DEPOSE:
    case OPTIONS_TRANSFER:
        return check_outside(p);
    case OPTIONS_RUN:
    case OPTIONS_HELP:
    case OPTIONS_VERSION:
        break;
    }
    if (!p->options->config.id)
        return error_set(p->err, CANDIDATE_EINVAL, "no ID is given");
    return check_grace(p);
}

int option_check(struct options *o, const bool *given,
                 struct candidate_error *err)
{
    struct check check = { .options = o, .given = given, .err = err };
    return check_action(&check);
}
