/* config.h: is a configuration one that can work? Its defaults, in config.c,
 * are candidate_config_init() of the public header. */
#ifndef CONFIG_H
#define CONFIG_H

#include "candidate.h"
#include "etcd/etcd.h"

/* How to speak to etcd. The strings are the configuration's. */
struct etcd_config config_etcd(const struct candidate_config *config);

/* Check what matters to whoever only speaks to etcd: TLS, user, time-outs; the
 * endpoints are etcd_new()'s affair. Returns as below. */
int config_check_access(const struct candidate_config *config,
                        struct candidate_error *err);

/* That, and the election. */
int config_check_reader(const struct candidate_config *config,
                        struct candidate_error *err);

/* Check the ID of any candidate; field begins the message. */
int config_check_id(const char *field, const char *id,
                    struct candidate_error *err);

/* Check all that, and ID, election and TTL.
 * Returns 0 or CANDIDATE_EINVAL; the message begins with the field's name. */
int config_check(const struct candidate_config *config,
                 struct candidate_error *err);

#endif
