/* scenario.c: see scenario.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "sim/scenario.h"

static int setup_members(void **state, int members_n)
{
    struct world *w = world_new();
    world_begin(w,
                &(struct world_plan){
                    .seed = 1,
                    .peers_n = 3,
                    .members_n = members_n,
                    .ttl_ms = SCENARIO_TTL_MS,
                    .rate_ppm_min = PEER_RATE_PPM,
                    .rate_ppm_max = PEER_RATE_PPM,
                });
    *state = w;
    return 0;
}

int scenario_setup(void **state)
{
    return setup_members(state, 3);
}

int scenario_setup_alone(void **state)
{
    return setup_members(state, 1);
}

int scenario_teardown(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < CHECKS_N; i++)
        assert_string_equal(w->checks.violations[i].text, "");
    world_free(w);
    return 0;
}

void scenario_pass_ms(struct world *w, int64_t ms)
{
    world_run_until(w, w->now_us + ms * WORLD_US_PER_MS);
}

void scenario_start(struct world *w, int peers_n)
{
    for (int i = 0; i < peers_n; i++) {
        peer_start(w, i);
        scenario_pass_ms(w, SCENARIO_SOON_MS);
    }
}

void scenario_fault(struct world *w, enum fault_kind kind, int who,
                    int64_t length_ms)
{
    faults_add(w,
               (struct fault){
                   .kind = kind,
                   .who = who,
                   .at_us = w->now_us,
                   .until_us = w->now_us + length_ms * WORLD_US_PER_MS,
                   .amount = FAULTS_ALL_LINKS,
               });
    scenario_pass_ms(w, 0);
}

void scenario_expect(const struct world *w, int who, const char *lines)
{
    char *text;
    size_t bytes;
    FILE *file = open_memstream(&text, &bytes);
    assert_non_null(file);
    story_print_one(&w->story, who, file);
    assert_int_equal(fclose(file), 0);
    assert_string_equal(text, lines);
    free(text);
}
