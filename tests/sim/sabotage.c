/* sabotage.c: see sabotage.h. */
#include "sim/sabotage.h"

#include <stddef.h>
#include <string.h>

/* How many seeds: some ten times as many as the first one that showed it. */
static const struct sabotage_choice choices[] = {
    { "none", 1000, CHECKS_N, { 0 } },
    { "slow-clocks", 1000, CHECKS_N, { .slow_clocks = true } },
    { "no-margin",
      1000,
      CHECK_at_most_one_leader,
      { .no_margin = true, .slow_clocks = true } },
    { "claim-unchecked",
      1000,
      CHECK_at_most_one_leader,
      { .lock.claim_unchecked = true } },
    { "attempt-unchecked",
      20,
      CHECK_at_most_one_leader,
      { .lock.attempt_unchecked = true } },
    { "half-speed", 1000, CHECK_at_most_one_leader, { .half_speed = true } },
    { "no-deadline", 1000, CHECK_at_most_one_leader, { .no_deadline = true } },
    { "counts-from-receipt",
      20000,
      CHECK_belief_within_keys,
      { .counts_from_receipt = true, .slow_clocks = true } },
    { "terms-hidden",
      20000,
      CHECK_belief_within_keys,
      { .terms_hidden = true, .slow_clocks = true } },
    { "early-expiry", 20, CHECK_belief_within_keys, { .early_expiry = true } },
    { "queue-unchecked",
      1000,
      CHECK_first_in_first_out,
      { .lock.queue_unchecked = true } },
    { "claims-dropped",
      20,
      CHECK_someone_leads_again,
      { .claims_dropped = true } },
    { "leases-for-ever", 100, CHECK_no_leak, { .leases_for_ever = true } },
    { "revoked-in-vain", 100, CHECK_no_leak, { .revoked_in_vain = true } },
    { "no-backoff", 100, CHECK_no_busy_loop, { .no_backoff = true } },
    { "restored", 100, CHECK_tokens_grow, { .restored = true } },
    { "yields-in-secret",
      500,
      CHECK_at_most_one_leader,
      { .yields_in_secret = true } },
    { "mute", 20, CHECK_sane_announcements, { .mute = true } },
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
