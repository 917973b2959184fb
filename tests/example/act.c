/* act.c: a command that acts only while its leader leads.
 *
 *     candidate ID -- act
 *
 * Finds the lease page by its environment, and asks it before it acts. Knows
 * nothing of candidate but its public header; good C and good C++.
 */
#include <candidate.h>

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    struct candidate_lease_page *page = NULL;
    struct candidate_error err;
    if (candidate_lease_page_open(&page, NULL, 0, &err) < 0) {
        fprintf(stderr, "act: %s\n", err.message);
        return 64;
    }
    bool may_act = candidate_may_act(page); /* ask anew before each step */
    if (may_act)
        printf("acting with token %s\n", getenv("CANDIDATE_TOKEN"));
    candidate_lease_page_close(page);
    return may_act ? 0 : 75;
}
