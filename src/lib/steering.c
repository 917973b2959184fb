/* steering.c: see steering.h. */
#include "lib/steering.h"

#include <stdio.h>
#include <string.h>

#include "etcd/request_txn.h"
#include "sys/text.h"

static void keep_key(struct steering_key *kept, struct etcd_bytes key)
{
    kept->bytes = key.size <= sizeof kept->data ? key.size : 0;
    if (kept->bytes > 0)
        memcpy(kept->data, key.data, kept->bytes);
}

static struct etcd_bytes kept(const struct steering_key *key)
{
    return (struct etcd_bytes){ key->data, key->bytes };
}

void steering_init(struct steering *s, const char *election,
                   const struct steering_target *to, int64_t token,
                   unsigned endpoints_n, uint64_t random_state, int64_t now_ms)
{
    *s = (struct steering){ .random_state = random_state };
    struct steer_config config = {
        .kind = to ? STEER_TRANSFER : STEER_DEPOSE,
        .token = token,
        .to_token = to ? to->token : 0,
        .endpoints_n = endpoints_n,
    };
    steer_init(&s->machine, &config, now_ms);
    request_keys_init(&s->keys, election);
    lock_init(&s->lock, election, "");
    if (!to)
        return;
    keep_key(&s->target_lock, to->key);
    (void)snprintf(s->to, sizeof s->to, "%s", to->id);
}

/* ---- calls ---- */

static struct request_scene scene_of(const struct steering *s)
{
    return (struct request_scene){
        .keys = &s->keys,
        .lock = &s->lock,
        .leader_lock = kept(&s->leader_lock),
        .target_lock = kept(&s->target_lock),
        .lease = s->lease,
    };
}

static void put(const struct steering *s, struct etcd *e)
{
    struct request_scene scene = scene_of(s);
    bool transfer = steer_asks(&s->machine) == STEER_TRANSFER;
    struct request request = {
        .type = transfer ? REQUEST_TRANSFER : REQUEST_DEPOSE,
        .token = s->machine.token,
        .to_token = s->machine.config.to_token,
    };
    (void)snprintf(request.to, sizeof request.to, "%s", s->to);
    request_put(&scene, e, steering_tag, STEERING_CALL_MS, &request,
                s->machine.view.ours);
}

static void begin(struct steering *s, struct etcd *e)
{
    const uint64_t tag = steering_tag;
    struct request_scene scene = scene_of(s);
    switch (s->call) {
    case STEER_LOOK:
        request_look(&scene, e, tag, STEERING_CALL_MS);
        break;
    case STEER_GRANT:
        do {
            s->lease = (int64_t)(backoff_random(&s->random_state) & INT64_MAX);
        } while (!s->lease);
        etcd_grant(e, tag, STEERING_CALL_MS, s->lease, STEER_LEASE_MS / 1000);
        break;
    case STEER_KEEP:
        etcd_keepalive(e, tag, STEERING_CALL_MS, s->lease);
        break;
    case STEER_PUT:
        put(s, e);
        break;
    case STEER_REVOKE:
        etcd_revoke(e, tag, STEER_CLEAN_MS, s->lease);
        break;
    case STEER_NOTHING:
        break;
    }
}

void steering_work(struct steering *s, struct etcd *e, int64_t now_ms)
{
    enum steer_call call = steer_next(&s->machine, now_ms);
    if (call == STEER_NOTHING)
        return;
    s->call = call;
    begin(s, e);
}

/* ---- replies ---- */

static bool is_led(const struct request_view *view)
{
    return view->leader.create_revision > 0 && view->holder.lease != 0 &&
        view->leader.lease == view->holder.lease;
}

/* What is said in the end names those who were seen last. */
static void note(struct steering *s, const struct request_view *view)
{
    s->leads = words_name(view->leader.value);
    s->holder_key = words_name(view->holder.key);
    s->holder = words_name(view->holder.value);
    s->next_key = words_name(view->next.key);
    s->next = words_name(view->next.value);
    if (s->machine.token)
        return;
    keep_key(&s->leader_lock, view->holder.key);
    s->asked = s->leads;
}

/* Returns false when the reply has another shape. */
static bool see(struct steering *s, const struct etcd_reply *reply,
                struct steer_event *event)
{
    struct request_view view = { 0 };
    struct request_scene scene = scene_of(s);
    if (request_parse_view(&scene, s->call == STEER_PUT, &reply->txn, &view) <
        0)
        return false;
    note(s, &view);
    bool ours = view.request.lease == s->lease && s->lease;
    event->succeeded = view.succeeded;
    event->view = (struct steer_view){
        .holder = view.holder.create_revision,
        .next = view.next.create_revision,
        .leader_key = view.leader.create_revision > 0,
        .led = is_led(&view) && view.holder.key.size <= LOCK_KEY_BYTES_MAX,
        .target = view.target.create_revision == s->machine.config.to_token,
        .ours = view.succeeded || ours,
        .others = view.request.create_revision > 0 && !ours,
    };
    return true;
}

static enum steer_event_type read_failure(struct steering *s,
                                          const struct etcd_reply *reply)
{
    if (reply->status == CANDIDATE_ENOTFOUND)
        return STEER_NO_LEASE;
    (void)snprintf(s->refusal, sizeof s->refusal, "%s", reply->message);
    return reply->status == CANDIDATE_EDENIED ? STEER_REFUSED
                                              : STEER_UNANSWERED;
}

void steering_take(struct steering *s, int64_t now_ms,
                   const struct etcd_reply *reply)
{
    struct steer_event event = { .type = STEER_ANSWERED, .now_ms = now_ms };
    if (reply->type == ETCD_REPLY_FAILED)
        event.type = read_failure(s, reply);
    else if (reply->type == ETCD_REPLY_TXN && !see(s, reply, &event))
        event.type = STEER_UNANSWERED;
    else if (reply->type == ETCD_REPLY_LEASE && reply->lease.ttl_s <= 0)
        event.type = STEER_NO_LEASE;
    steer_step(&s->machine, &event);
}

void steering_forget(struct steering *s, int64_t now_ms)
{
    steer_step(
        &s->machine,
        &(struct steer_event){ .type = STEER_UNANSWERED, .now_ms = now_ms });
}

void steering_stop(struct steering *s, int64_t now_ms)
{
    steer_step(&s->machine,
               &(struct steer_event){ .type = STEER_STOP, .now_ms = now_ms });
}

/* ---- words ---- */

/* etcdctl lock leaves the value empty: its key is then all there is. */
static const char *name_of(const struct words_name *id,
                           const struct words_name *key)
{
    return id->text[0] ? id->text : key->text;
}

/* Whom that has made the leader. */
static void say_outcome(const struct steering *s, char *out, const char *what)
{
    const char *leads = s->leads.text;
    (void)snprintf(out, STEERING_TEXT_BYTES_MAX,
                   leads[0] ? "\"%s\" %s; \"%s\" leads"
                            : "\"%s\" %s; nobody leads%s",
                   s->asked.text, what, leads);
}

static void say_foreign(const struct steering *s, char *out)
{
    char word[TEXT_SHELL_WORD_BYTES];
    text_shell_word(word, sizeof word, s->lock.leader_key);
    if (s->machine.view.holder)
        (void)snprintf(out, STEERING_TEXT_BYTES_MAX,
                       "another program holds the lock with the key %s, value"
                       " \"%s\"; it cannot be asked",
                       s->holder_key.text, s->holder.text);
    else
        (void)snprintf(out, STEERING_TEXT_BYTES_MAX,
                       "the leader key %s, value \"%s\", belongs to no"
                       " candidate; remove it with: etcdctl del -- %s",
                       s->lock.leader_key, s->leads.text, word);
}

static void say_busy(const struct steering *s, char *out)
{
    char word[TEXT_SHELL_WORD_BYTES];
    text_shell_word(word, sizeof word, s->keys.request);
    (void)snprintf(out, STEERING_TEXT_BYTES_MAX,
                   "somebody else asks for something with the key %s; try again"
                   " in %d s, or remove it with: etcdctl del -- %s",
                   s->keys.request, STEER_LEASE_MS / 1000, word);
}

static void say_between(const struct steering *s, char *out)
{
    (void)snprintf(out, STEERING_TEXT_BYTES_MAX,
                   "\"%s\", with the key %s, waits before \"%s\" and does not"
                   " step aside; the leader stays",
                   name_of(&s->next, &s->next_key), s->next_key.text, s->to);
}

static void say_not_heard(const struct steering *s, char *out)
{
    (void)snprintf(
        out, STEERING_TEXT_BYTES_MAX,
        "\"%s\" was asked for %d s and did not step down; it leads on",
        s->asked.text, STEER_LIMIT_MS / 1000);
}

static void say_denied(const struct steering *s, char *out)
{
    int n = snprintf(out, STEERING_TEXT_BYTES_MAX, "%s", s->refusal);
    if (n >= STEERING_TEXT_BYTES_MAX || !strstr(out, "permission denied"))
        return;
    (void)snprintf(out + n, STEERING_TEXT_BYTES_MAX - (size_t)n,
                   "; the user needs READ on the key %s and on the range from"
                   " %s to %s, and READWRITE on the key %s",
                   s->lock.leader_key, s->lock.prefix, s->lock.prefix_end,
                   s->keys.request);
}

void steering_words(const struct steering *s,
                    char ret_text[STEERING_TEXT_BYTES_MAX])
{
    const size_t most = STEERING_TEXT_BYTES_MAX;
    ret_text[0] = '\0';
    switch (steer_outcome(&s->machine)) {
    case STEER_GOING_ON:
        break;
    case STEER_DONE:
        say_outcome(s, ret_text, "stepped down");
        break;
    case STEER_NOBODY:
        (void)snprintf(ret_text, most, "nobody leads");
        break;
    case STEER_FOREIGN:
        say_foreign(s, ret_text);
        break;
    case STEER_STALE:
        say_outcome(s, ret_text, "led no longer when it was to be asked");
        break;
    case STEER_BUSY:
        say_busy(s, ret_text);
        break;
    case STEER_GONE:
        (void)snprintf(ret_text, most, "\"%s\" waits no longer", s->to);
        break;
    case STEER_BETWEEN:
        say_between(s, ret_text);
        break;
    case STEER_NOT_HEARD:
        say_not_heard(s, ret_text);
        break;
    case STEER_ELSE:
        say_outcome(s, ret_text, "stepped down, but for another one");
        break;
    case STEER_UNREACHABLE:
        (void)snprintf(ret_text, most, "%s", s->refusal);
        break;
    case STEER_DENIED:
        say_denied(s, ret_text);
        break;
    }
}
