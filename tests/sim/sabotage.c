/* sabotage.c: see sabotage.h. */
#include "sim/sabotage.h"

#include <stddef.h>
#include <string.h>

/* How many seeds: some ten times as many as the first one that showed it. */
static const struct sabotage_choice choices[] = {
    { "none", CHECKS_N, 1000, { 0 } },
    { "slow-clocks", CHECKS_N, 1000, { .slow_clocks = true } },
    { "no-margin",
      CHECK_at_most_one_leader,
      1000,
      { .no_margin = true, .slow_clocks = true } },
    { "claim-unchecked",
      CHECK_at_most_one_leader,
      1000,
      { .lock.claim_unchecked = true } },
    { "attempt-unchecked",
      CHECK_at_most_one_leader,
      20,
      { .lock.attempt_unchecked = true } },
    { "half-speed", CHECK_at_most_one_leader, 1000, { .half_speed = true } },
    { "no-deadline", CHECK_at_most_one_leader, 1000, { .no_deadline = true } },
    { "counts-from-receipt",
      CHECK_belief_within_keys,
      20000,
      { .counts_from_receipt = true, .slow_clocks = true } },
    { "terms-hidden",
      CHECK_belief_within_keys,
      20000,
      { .terms_hidden = true, .slow_clocks = true } },
    { "early-expiry", CHECK_belief_within_keys, 20, { .early_expiry = true } },
    { "queue-unchecked",
      CHECK_first_in_first_out,
      1000,
      { .lock.queue_unchecked = true } },
    { "claims-dropped",
      CHECK_someone_leads_again,
      20,
      { .claims_dropped = true } },
    { "leases-for-ever", CHECK_no_leak, 100, { .leases_for_ever = true } },
    { "revoked-in-vain", CHECK_no_leak, 100, { .revoked_in_vain = true } },
    { "no-backoff", CHECK_no_busy_loop, 100, { .no_backoff = true } },
    { "restored", CHECK_tokens_grow, 100, { .restored = true } },
    { "yields-in-secret",
      CHECK_at_most_one_leader,
      500,
      { .yields_in_secret = true } },
    { "mute", CHECK_sane_announcements, 20, { .mute = true } },
};

enum { CHOICES = sizeof choices / sizeof *choices };

const struct sabotage_choice *sabotage_find(const char *name)
{
    for (int i = 0; i < CHOICES; i++)
        if (strcmp(choices[i].name, name) == 0)
            return &choices[i];
    return NULL;
}

const struct sabotage_choice *sabotage_at(int index)
{
    return index >= 0 && index < CHOICES ? &choices[index] : NULL;
}
