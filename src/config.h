/* config.h: is a configuration one that can work? Its defaults, in config.c,
 * are candidate_config_init() of the public header. */
#ifndef CONFIG_H
#define CONFIG_H

#include "candidate.h"

/* Check ID, election and TTL; the endpoints are etcd_new()'s affair.
 * Returns 0 or CANDIDATE_EINVAL; the message begins with the field's name. */
int config_check(const struct candidate_config *config,
                 struct candidate_error *err);

#endif
