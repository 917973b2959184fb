/* codec_member.c: what etcd says about its members. */
#include "etcd/codec.h"
#include "etcd/codec_private.h"

static void read_errors(struct json *j, struct etcd_status_result *status)
{
    size_t n = 0;
    const cJSON *item;
    const cJSON *array = json_array(j, j->root, "errors", &n);
    cJSON_ArrayForEach(item, array)
    {
        if (j->status < 0 || status->errors_n == ETCD_STATUS_ERRORS_MAX)
            break;
        struct etcd_bytes *error = &status->errors[status->errors_n++];
        json_text_of(j, item, &error->data, &error->size);
    }
}

int codec_parse_status(struct arena *arena, const char *body, size_t bytes,
                       struct etcd_header *ret_header,
                       struct etcd_status_result *ret_status,
                       struct candidate_error *err)
{
    struct json j;
    json_init(&j, arena, body, bytes, err);
    struct etcd_header header = codec_read_header(&j, j.root, 1);
    struct etcd_status_result status = {
        .leader = json_uint64(&j, j.root, "leader", 0),
        .raft_term = json_uint64(&j, j.root, "raftTerm", 0),
    };
    json_text(&j, j.root, "version", &status.version.data,
              &status.version.size);
    read_errors(&j, &status);
    if (j.status == 0) {
        *ret_header = header;
        *ret_status = status;
    }
    json_done(&j);
    return j.status;
}

/* Its first URL for clients, if it has said one. */
static void read_url(struct json *j, const cJSON *item, struct etcd_member *m)
{
    size_t n = 0;
    const cJSON *urls = json_array(j, item, "clientURLs", &n);
    m->url = (struct etcd_bytes){ .data = "" };
    if (n > 0)
        json_text_of(j, urls->child, &m->url.data, &m->url.size);
}

int codec_parse_members(struct arena *arena, const char *body, size_t bytes,
                        struct etcd_header *ret_header,
                        struct etcd_members_result *ret_members,
                        struct candidate_error *err)
{
    struct json j;
    json_init(&j, arena, body, bytes, err);
    struct etcd_header header = codec_read_header(&j, j.root, 0);
    struct etcd_members_result members = { 0 };
    const cJSON *array = json_array(&j, j.root, "members", &members.n);
    members.items = json_alloc(&j, members.n, sizeof *members.items);
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        if (!cJSON_IsObject(item))
            json_complain(&j, item, "an object");
        if (j.status < 0)
            break;
        struct etcd_member *m = &members.items[i++];
        m->id = json_uint64(&j, item, "ID", 1);
        json_text(&j, item, "name", &m->name.data, &m->name.size);
        read_url(&j, item, m);
    }
    if (j.status == 0) {
        *ret_header = header;
        *ret_members = members;
    }
    json_done(&j);
    return j.status;
}
