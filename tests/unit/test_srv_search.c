/* test_srv_search.c: DNS is asked by a process that can be given up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/nameser.h>
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/dns_server.h"
#include "sys/clock.h"
#include "sys/srv_search.h"

#define PLAIN_NAME "_etcd-client._tcp.etcd.example.test"
#define SECURE_NAME "_etcd-client-ssl._tcp.etcd.example.test"

enum {
    AT_ONCE_MS = 3500, /* less than the resolver's own patience */
};

struct search {
    int stop[2];
    char list[SRV_LIST_BYTES_MAX];
    struct candidate_error err;
};

static int setup(void **state)
{
    static struct search search;
    search = (struct search){ .list = "untouched" };
    assert_int_equal(pipe(search.stop), 0);
    *state = &search;
    return 0;
}

static int teardown(void **state)
{
    struct search *s = *state;
    close(s->stop[0]);
    close(s->stop[1]);
    return 0;
}

static int run(struct search *s, const struct dns_zone *zones,
               void (*before_reply)(void))
{
    struct dns_server server;
    dns_server_start(&server, zones, before_reply);
    int r = srv_search(s->stop[0], "etcd.example.test", &server.address,
                       s->list, sizeof s->list, &s->err);
    dns_server_stop(&server);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left */
    assert_int_equal(errno, ECHILD);
    return r;
}

static void host_a(struct dns_message *m)
{
    dns_add_srv(m, 0, 0, 2379, "a.example.test");
}

static void silence(struct dns_message *m)
{
    m->bytes = 0;
}

static void failure(struct dns_message *m)
{
    dns_set_rcode(m, ns_r_servfail);
}

static void list_comes_through(void **state)
{
    struct search *s = *state;
    const struct dns_zone zones[] = { { PLAIN_NAME, host_a }, { NULL, NULL } };
    assert_int_equal(run(s, zones, NULL), 0);
    assert_string_equal(s->list, "http://a.example.test:2379");
}

static void failure_comes_through_in_its_words(void **state)
{
    struct search *s = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, failure },
                                      { NULL, NULL } };
    assert_int_equal(run(s, zones, NULL), CANDIDATE_ERETRY);
    assert_int_equal(s->err.code, CANDIDATE_ERETRY);
    assert_string_equal(s->err.message,
                        "DNS domain \"etcd.example.test\": "
                        "_etcd-client-ssl._tcp: the name server has failed "
                        "(SERVFAIL)");
    assert_string_equal(s->list, "untouched");
}

static int write_when_asked;

static void ask_to_stop(void)
{
    ssize_t n = write(write_when_asked, "x", 1);
    (void)n;
}

static void silent_server_does_not_delay_the_end(void **state)
{
    struct search *s = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, silence },
                                      { NULL, NULL } };
    write_when_asked = s->stop[1];
    int64_t began_at_ms = clock_now_ms();
    assert_int_equal(run(s, zones, ask_to_stop), 1);
    assert_true(clock_now_ms() - began_at_ms < AT_ONCE_MS);
    assert_string_equal(s->list, "untouched");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(list_comes_through),
        TEST(failure_comes_through_in_its_words),
        TEST(silent_server_does_not_delay_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
