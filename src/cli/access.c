/* access.c: see access.h. */
#include "cli/access.h"

#include "sys/error.h"
#include "sys/secret.h"

static int find_endpoints(struct access *access, struct options *o,
                          const struct signals *signals,
                          struct candidate_error *err)
{
    int r = srv_search(signals_pollfd(signals).fd, o->discovery_srv, NULL,
                       access->endpoints, sizeof access->endpoints, err);
    if (r == 0)
        o->config.endpoints = access->endpoints;
    if (r >= 0)
        return r;
    error_wrap(err, r, "discovery-srv");
    bool no_fault_here = r == CANDIDATE_ENOTFOUND || r == CANDIDATE_EPROTO ||
        r == CANDIDATE_ETOOBIG;
    return no_fault_here ? CANDIDATE_ERETRY : r;
}

static int ask(struct options *o, const struct signals *signals,
               struct candidate_error *err)
{
    int r = secret_ask("Password: ", signals_pollfd(signals).fd, o->password,
                       sizeof o->password, err);
    if (r != CANDIDATE_ENOTFOUND)
        return r;
    return error_set(err, CANDIDATE_EINVAL,
                     "user: give the password with --password-file, "
                     "ETCDCTL_PASSWORD or --password; there is no terminal to "
                     "ask on");
}

static int find_password(struct options *o, const struct signals *signals,
                         struct candidate_error *err)
{
    int r;
    if (o->password_file) {
        r = secret_read_file(o->password_file, o->password, sizeof o->password,
                             err);
        if (r < 0)
            error_wrap(err, r, "password-file");
    } else {
        r = ask(o, signals, err);
    }
    if (r != 0)
        return r;
    o->has_password = true;
    o->config.password = o->password;
    return 0;
}

int access_complete(struct access *access, struct options *o,
                    const struct signals *signals, struct candidate_error *err)
{
    if (o->config.user && o->config.user[0] && !o->has_password) {
        int r = find_password(o, signals, err);
        if (r != 0)
            return r;
    }
    return o->discovery_srv ? find_endpoints(access, o, signals, err) : 0;
}
