/* test_discovery.c: the endpoints come from DNS, through the whole program.
 *
 * The name server is this program's; tests/preload/resolver.c leads there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "etcd/version.h"
#include "support/dns_server.h"
#include "support/stage.h"

#define DOMAIN "etcd.example.test"
#define SECURE_NAME "_etcd-client-ssl._tcp." DOMAIN
#define PLAIN_NAME "_etcd-client._tcp." DOMAIN

enum {
    EXIT_UNAVAILABLE = 69,
    AT_ONCE_MS = 3500, /* less than the resolver's patience */
};

static atomic_uint etcd_port; /* as the records name it */
static atomic_bool asked;     /* the name server, once */

static void this_etcd(struct dns_message *m)
{
    dns_add_srv(m, 0, 0, etcd_port, "localhost");
}

static void silence(struct dns_message *m)
{
    m->bytes = 0;
}

static void note_question(void)
{
    asked = true;
}

/* "NAME=VALUE" of the library that stands beside this program. */
static void find_preload(char *variable, size_t size)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    for (int i = 0; i < 2; i++)
        *strrchr(self, '/') = '\0';
    int length = snprintf(variable, size, "LD_PRELOAD=%s/preload/resolver.so",
                          self);
    assert_in_range(length, 1, size - 1);
    assert_int_equal(access(strchr(variable, '=') + 1, R_OK), 0);
}

static struct process *candidate(struct stage *s, const struct dns_server *dns)
{
    char preload[PATH_MAX + 32], port[64], sanitizer[256];
    const char *options = getenv("ASAN_OPTIONS");
    find_preload(preload, sizeof preload);
    (void)snprintf(port, sizeof port, "TEST_NAMESERVER_PORT=%u",
                   ntohs(dns->address.sin_port));
    /* Its library wants to be the first, in vain. */
    (void)snprintf(sanitizer, sizeof sanitizer,
                   "ASAN_OPTIONS=%s:verify_asan_link_order=0",
                   options ? options : "");
    const char *const environment[] = { preload, port, sanitizer, NULL };
    const char *const argv[] = { stage_program(), "--discovery-srv", DOMAIN,
                                 "A", NULL };
    asked = false;
    struct process *p = process_start(s->set, PROCESS_PIPES, argv, environment);
    process_ignore_errors(p, VERSION_MENDED);
    return p;
}

static void records_lead_to_etcd(void **state)
{
    struct stage *s = *state;
    const struct dns_zone zones[] = { { PLAIN_NAME, this_etcd },
                                      { NULL, NULL } };
    struct dns_server dns;
    etcd_port = etcd_server_port(s->etcd, 0);
    dns_server_start(&dns, zones, note_question);
    struct process *a = candidate(s, &dns);
    stage_expect_begin(a, "A");
    stage_expect_lead(a);
    assert_true(asked);
    stage_resign(a);
    dns_server_stop(&dns);
}

static void absent_records_end_it_with_words(void **state)
{
    struct stage *s = *state;
    const struct dns_zone zones[] = { { NULL, NULL } };
    struct dns_server dns;
    dns_server_start(&dns, zones, note_question);
    struct process *a = candidate(s, &dns);
    struct process_line said = process_expect_error(a, "(NXDOMAIN)");
    assert_non_null(strstr(said.text, "discovery-srv: DNS domain \"" DOMAIN));
    process_expect_exit(a, EXIT_UNAVAILABLE);
    process_expect_nothing_more(a);
    dns_server_stop(&dns);
}

static void signal_ends_it_while_dns_is_silent(void **state)
{
    static const int numbers[] = { SIGTERM, SIGHUP };
    struct stage *s = *state;
    const struct dns_zone zones[] = { { SECURE_NAME, silence },
                                      { NULL, NULL } };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        struct dns_server dns;
        dns_server_start(&dns, zones, note_question);
        struct process *a = candidate(s, &dns);
        int64_t end_at_ms = process_now_ms() + PROCESS_PATIENCE_MS;
        while (!asked)
            assert_true(process_set_step(s->set, process_now_ms() + 10) ||
                        process_now_ms() < end_at_ms);
        int64_t at_ms = process_now_ms();
        process_signal(a, numbers[i]);
        process_expect_exit(a, 0);
        assert_true(process_ended_at_ms(a) - at_ms < AT_ONCE_MS);
        process_expect_nothing_more(a);
        dns_server_stop(&dns);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGE_TEST(records_lead_to_etcd),
        STAGE_TEST_WITHOUT_ETCD(absent_records_end_it_with_words),
        STAGE_TEST_WITHOUT_ETCD(signal_ends_it_while_dns_is_silent),
    };
    return cmocka_run_group_tests_name("discovery", tests, NULL, NULL);
}
