/* endpoints.c: see endpoints.h. */
#include "etcd/endpoints.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "sys/error.h"
#include "sys/text.h"

enum {
    PORT_DIGITS_MAX = 5,
    PORT_MAX = 65535,
    SHOWN_BYTES_MAX = 128, /* of an item, in a message */
};

struct piece {
    const char *data;
    size_t size;
};

struct item {
    struct piece whole;
    unsigned number;    /* from 1 */
    const char *scheme; /* when it names none, the default */
    struct piece host;
    unsigned port;
};

static_assert((int)ENDPOINTS_URL_BYTES_MAX >=
                  (int)ENDPOINTS_HOST_BYTES_MAX + 8 + 1 + PORT_DIGITS_MAX + 1,
              "https://HOST:PORT and its end fit");

static bool piece_has(struct piece piece, const char *set)
{
    for (size_t i = 0; i < piece.size; i++)
        if (piece.data[i] == '\0' || strchr(set, piece.data[i]))
            return true;
    return false;
}

static struct piece piece_from(struct piece piece, size_t offset)
{
    assert(offset <= piece.size);
    return (struct piece){ piece.data + offset, piece.size - offset };
}

static int refuse(const struct item *item, struct candidate_error *err,
                  const char *why)
{
    char shown[SHOWN_BYTES_MAX];
    text_escape(shown, sizeof shown, item->whole.data, item->whole.size);
    return error_set(err, CANDIDATE_EINVAL, "endpoints: \"%s\": %s", shown,
                     why);
}

/* Take the scheme off `rest`. */
static int take_scheme(struct item *item, struct piece *rest,
                       struct candidate_error *err)
{
    const char *mark = memmem(rest->data, rest->size, "://", 3);
    if (!mark)
        return 0;
    size_t size = (size_t)(mark - rest->data);
    item->scheme = "http";
    if (size == 5 && strncasecmp(rest->data, "https", 5) == 0)
        item->scheme = "https";
    else if (size != 4 || strncasecmp(rest->data, "http", 4) != 0)
        return refuse(item, err, "starts with neither http:// nor https://");
    *rest = piece_from(*rest, size + 3);
    return 0;
}

/* A name is held against letters, digits and the few signs that names have;
 * one of digits and dots alone must be an address. */
static bool host_is_valid(struct piece host)
{
    char name[ENDPOINTS_HOST_BYTES_MAX + 1];
    if (host.size == 0 || host.size > ENDPOINTS_HOST_BYTES_MAX)
        return false;
    memcpy(name, host.data, host.size);
    name[host.size] = '\0';
    static const char digits[] = "0123456789.";
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    if (strspn(name, digits) == host.size) {
        struct in_addr address;
        return inet_pton(AF_INET, name, &address) == 1;
    }
    return name[0] != '.' && name[0] != '-' && !strstr(name, "..") &&
        strspn(name, letters) == host.size;
}

static bool address6_is_valid(struct piece bracketed)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (bracketed.size - 2 >= sizeof text)
        return false;
    memcpy(text, bracketed.data + 1, bracketed.size - 2);
    text[bracketed.size - 2] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

/* Take the host off `rest`, so that ":PORT" or nothing is left. */
static int take_host(struct item *item, struct piece *rest,
                     struct candidate_error *err)
{
    const char *end = rest->data + rest->size;
    bool bracket = rest->size > 0 && rest->data[0] == '[';
    const char *stop = memchr(rest->data, bracket ? ']' : ':', rest->size);
    if (bracket && !stop)
        return refuse(item, err, "the bracket is not closed");
    if (!stop)
        stop = end;
    if (bracket)
        stop++;
    else if (stop < end && memchr(stop + 1, ':', (size_t)(end - stop) - 1))
        return refuse(item, err,
                      "write an IPv6 address in brackets, as in [::1]:2379");
    item->host = (struct piece){ rest->data, (size_t)(stop - rest->data) };
    if (item->host.size == 0)
        return refuse(item, err, "no host");
    if (bracket ? !address6_is_valid(item->host) : !host_is_valid(item->host))
        return refuse(item, err, "neither a host name nor an address");
    *rest = piece_from(*rest, item->host.size);
    return 0;
}

static int take_port(struct item *item, struct piece rest,
                     struct candidate_error *err)
{
    if (rest.size < 2 || rest.data[0] != ':')
        return refuse(item, err, "no port; etcd's own is 2379");
    rest = piece_from(rest, 1);
    unsigned port = 0;
    for (size_t i = 0; i < rest.size && i < PORT_DIGITS_MAX; i++) {
        if (rest.data[i] < '0' || rest.data[i] > '9')
            return refuse(item, err, "the port is not a number");
        port = port * 10 + (unsigned)(rest.data[i] - '0');
    }
    if (rest.size > PORT_DIGITS_MAX || port < 1 || port > PORT_MAX)
        return refuse(item, err, "the port is not in 1..65535");
    item->port = port;
    return 0;
}

static int parse_item(struct item *item, struct candidate_error *err)
{
    struct piece rest = item->whole;
    if (rest.size == 0)
        return error_set(err, CANDIDATE_EINVAL, "endpoints: number %u is empty",
                         item->number);
    /* Before any message that shows the item. */
    if (piece_has(rest, "@"))
        return error_set(err, CANDIDATE_EINVAL,
                         "endpoints: number %u has a user name or password in"
                         " it; give it with --user",
                         item->number);
    int r = take_scheme(item, &rest, err);
    if (r < 0)
        return r;
    if (rest.size > 0 && rest.data[rest.size - 1] == '/')
        rest.size--;
    if (piece_has(rest, "/?#"))
        return refuse(item, err, "has a path; give host and port only");
    r = take_host(item, &rest, err);
    return r < 0 ? r : take_port(item, rest, err);
}

/* The part of a URL that names the server. */
static const char *server_of(const char *url)
{
    return strstr(url, "://") + 3;
}

/* One port speaks one scheme, so the scheme makes no difference. */
static int add(struct endpoints *endpoints, const struct item *item,
               struct candidate_error *err)
{
    if (endpoints->n == CANDIDATE_ENDPOINTS_MAX)
        return error_set(err, CANDIDATE_EINVAL, "endpoints: more than %d",
                         CANDIDATE_ENDPOINTS_MAX);
    char *url = endpoints->urls[endpoints->n];
    (void)snprintf(url, ENDPOINTS_URL_BYTES_MAX, "%s://%.*s:%u", item->scheme,
                   (int)item->host.size, item->host.data, item->port);
    for (char *p = url; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    for (unsigned i = 0; i < endpoints->n; i++)
        if (strcmp(server_of(endpoints->urls[i]), server_of(url)) == 0)
            return refuse(item, err, "given twice");
    endpoints->n++;
    return 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct piece trim(struct piece piece)
{
    while (piece.size > 0 && is_blank(piece.data[0]))
        piece = piece_from(piece, 1);
    while (piece.size > 0 && is_blank(piece.data[piece.size - 1]))
        piece.size--;
    return piece;
}

int endpoints_parse(struct endpoints *ret_endpoints, const char *list, bool tls,
                    struct candidate_error *err)
{
    assert(list);
    struct endpoints endpoints = { .n = 0 };
    struct piece rest = trim((struct piece){ list, strlen(list) });
    if (rest.size == 0)
        return error_set(err, CANDIDATE_EINVAL, "endpoints: none is given");
    for (unsigned number = 1;; number++) {
        const char *comma = memchr(rest.data, ',', rest.size);
        size_t size = comma ? (size_t)(comma - rest.data) : rest.size;
        struct item item = {
            .whole = trim((struct piece){ rest.data, size }),
            .number = number,
            .scheme = tls ? "https" : "http",
        };
        int r = parse_item(&item, err);
        if (r == 0)
            r = add(&endpoints, &item, err);
        if (r < 0)
            return r;
        if (!comma)
            break;
        rest = piece_from(rest, size + 1);
    }
    *ret_endpoints = endpoints;
    return 0;
}
