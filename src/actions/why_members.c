/* why_members.c: what etcd itself is in the way with. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actions/why_private.h"
#include "sys/text.h"

static void no_gateway(struct why *w, const char *endpoint,
                       enum why_weight weight)
{
    struct why_finding *f = why_add(w, weight, "gateway-off", "", 0);
    why_text(f, "%.300s: its JSON gateway is off, which candidate needs",
             endpoint);
    why_command(f, "etcd --enable-grpc-gateway=true");
}

static bool is_permission(const char *message)
{
    return strstr(message, "permission denied") != NULL;
}

static void permission(struct why *w, const struct candidate_view *view,
                       const struct why_question *question)
{
    struct why_finding *f = why_add(w, WHY_HOLDS_UP, "permission-missing",
                                    view->election, view->revision);
    why_text(
        f,
        "permission denied; the user needs READWRITE on the key %.255s and "
        "on what is below %.300s%s",
        view->election, view->prefix,
        question->user ? "" : " (no user is given, by --user)");
    char election[TEXT_SHELL_WORD_BYTES];
    char prefix[TEXT_SHELL_WORD_BYTES];
    char user[TEXT_SHELL_WORD_BYTES];
    text_shell_word(election, sizeof election, view->election);
    text_shell_word(prefix, sizeof prefix, view->prefix);
    text_shell_word(user, sizeof user, question->user ? question->user : "");
    why_command(f,
                "r=election:%s; etcdctl role add \"$r\"; "
                "etcdctl role grant-permission \"$r\" readwrite -- %s && "
                "etcdctl role grant-permission --prefix=true \"$r\" readwrite "
                "-- %s && etcdctl user grant-role %s \"$r\"",
                election, election, prefix, question->user ? user : "USER");
}

/* ---- members ---- */

static void alarm_raised(struct why *w, const struct candidate_view *view,
                         const struct candidate_member *m)
{
    bool space = strstr(m->trouble, "NOSPACE") != NULL;
    struct why_finding *f = why_add(w, space ? WHY_HOLDS_UP : WHY_THREATENS,
                                    "alarm-raised", "", view->revision);
    why_text(f, "%.300s %.100s: an alarm is raised: %.300s%s", m->endpoint,
             m->name, m->trouble,
             space ? "; nothing can be written, so nobody can take part" : "");
    if (space)
        why_command(f,
                    "etcdctl compact %" PRId64
                    " && etcdctl defrag --cluster && etcdctl alarm disarm",
                    view->revision);
    else
        why_command(f, "etcdctl alarm list");
}

static void no_quorum(struct why *w, const struct candidate_view *view,
                      const struct candidate_member *m)
{
    struct why_finding *f = why_add(w,
                                    view->stale ? WHY_HOLDS_UP : WHY_THREATENS,
                                    "no-quorum", "", view->revision);
    why_text(f,
             "%.300s %.100s: this member is without a quorum: it follows no "
             "leader of etcd's",
             m->endpoint, m->name);
    why_command(f, "etcdctl endpoint status --cluster -w table");
}

static void silent(struct why *w, const struct candidate_view *view,
                   const struct candidate_member *m)
{
    struct why_finding *f = why_add(w,
                                    view->stale ? WHY_HOLDS_UP : WHY_THREATENS,
                                    "member-silent", "", view->revision);
    why_text(f, "%.300s %.100s: does not answer: %.300s", m->endpoint, m->name,
             m->trouble);
    why_command(f, "etcdctl endpoint health --endpoints '%.300s'", m->endpoint);
}

static void clock_far(struct why *w, const struct candidate_view *view,
                      const struct candidate_member *m)
{
    int64_t ahead_ms = m->clock_ahead_ms;
    if (!m->clock_known ||
        (ahead_ms <= WHY_CLOCK_MS_MAX && ahead_ms >= -WHY_CLOCK_MS_MAX))
        return;
    struct why_finding *f = why_add(w, WHY_THREATENS, "clock-far", "",
                                    view->revision);
    why_text(f,
             "%.300s %.100s: its clock is %" PRId64 " s %s ours: certificates "
             "and logs of one of the two are wrong (the election itself does "
             "not look at the time of day)",
             m->endpoint, m->name, (ahead_ms < 0 ? -ahead_ms : ahead_ms) / 1000,
             ahead_ms < 0 ? "behind" : "before");
    why_command(f, "timedatectl set-ntp true");
}

static void member(struct why *w, const struct candidate_view *view,
                   const struct candidate_member *m)
{
    const char *trouble = m->trouble;
    clock_far(w, view, m);
    if (trouble[0] == '\0' || strstr(trouble, "not asked"))
        return;
    if (strstr(trouble, "no JSON gateway"))
        no_gateway(w, m->endpoint, view->stale ? WHY_HOLDS_UP : WHY_THREATENS);
    else if (strstr(trouble, "alarm:"))
        alarm_raised(w, view, m);
    else if (strstr(trouble, "no leader"))
        no_quorum(w, view, m);
    else if (!is_permission(trouble))
        silent(w, view, m);
}

static void unreachable(struct why *w, const struct candidate_view *view,
                        const struct why_question *question)
{
    struct why_finding *f = why_add(w, WHY_HOLDS_UP, "etcd-silent", "",
                                    view->revision);
    why_text(f, "etcd does not say how the election stands: %.400s",
             view->trouble_code ? view->trouble : "no answer came in time");
    why_command(f, "etcdctl endpoint health --endpoints '%.500s'",
                question->endpoints);
}

void why_etcd(struct why *w, const struct candidate_view *view,
              const struct why_question *question)
{
    bool denied = is_permission(view->trouble) ||
        (view->writes_asked && is_permission(view->writes_trouble));
    if (denied)
        permission(w, view, question);
    else if (view->stale && !strstr(view->trouble, "no JSON gateway"))
        unreachable(w, view, question);
    for (size_t i = 0; i < view->members_n; i++)
        member(w, view, &view->members[i]);
}
