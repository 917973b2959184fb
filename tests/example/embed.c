/* embed.c: how a program of one's own takes part in an election.
 *
 *     embed ENDPOINTS ID
 *
 * Waits until it leads, says so with its fencing token, and resigns. Knows
 * nothing of candidate but its public header; good C and good C++.
 */
#include <candidate.h>

#include <inttypes.h>
#include <stdio.h>

/* Do what a leader does. */
static void lead(struct candidate *c, int64_t token)
{
    /* Ask anew before each step, and hand the token to whoever guards the
     * data: a process that is stopped here cannot know it. */
    if (candidate_leading(c))
        printf("leading, fencing token %" PRId64 "\n", token);
    candidate_resign(c);
}

/* Returns whether the election is over for us. */
static bool handle(struct candidate *c, const struct candidate_event *event)
{
    switch (event->type) {
    case CANDIDATE_ATTEMPTING:
        puts("attempting");
        return false;
    case CANDIDATE_FOLLOWING:
        printf("following %s\n", event->leader);
        return false;
    case CANDIDATE_ELECTED:
        lead(c, event->token);
        return false;
    case CANDIDATE_LOST: /* stop leading; another attempt follows */
        printf("lost: %s\n", event->text);
        return false;
    case CANDIDATE_ASKED:
        candidate_yield(c);
        return false;
    case CANDIDATE_NOTICE:
        fprintf(stderr, "%s\n", event->text);
        return false;
    case CANDIDATE_ENDED:
        puts(event->status == 0 ? "resigned" : event->text);
        return true;
    }
    return true;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: embed ENDPOINTS ID\n");
        return 64;
    }
    struct candidate_config config;
    candidate_config_init(&config);
    config.endpoints = argv[1];
    config.id = argv[2];

    struct candidate *c = NULL;
    struct candidate_error err;
    if (candidate_new(&c, &config, &err) < 0) {
        fprintf(stderr, "embed: %s\n", err.message);
        return 64;
    }
    bool over = false;
    int r = 0;
    while (!over && r >= 0) {
        r = candidate_poll(c, NULL, 0, -1);
        struct candidate_event event;
        while (!over && candidate_next(c, &event))
            over = handle(c, &event);
    }
    if (r < 0)
        fprintf(stderr, "embed: %s\n", candidate_strerror(r));
    candidate_free(c);
    return r < 0 ? 70 : 0;
}
