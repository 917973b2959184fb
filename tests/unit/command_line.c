/* command_line.c: see command_line.h. */
#include "unit/command_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

int command_line_setup(void **state)
{
    (void)state;
    static const char *const variables[] = {
        "ETCDCTL_ENDPOINTS",
        "ETCDCTL_DISCOVERY_SRV",
        "ETCDCTL_DIAL_TIMEOUT",
        "ETCDCTL_COMMAND_TIMEOUT",
        "ETCDCTL_KEEPALIVE_TIME",
        "ETCDCTL_KEEPALIVE_TIMEOUT",
        "ETCDCTL_CACERT",
        "ETCDCTL_CERT",
        "ETCDCTL_KEY",
        "ETCDCTL_INSECURE_SKIP_TLS_VERIFY",
        "ETCDCTL_INSECURE_TRANSPORT",
        "ETCDCTL_USER",
        "ETCDCTL_PASSWORD",
        "CANDIDATE_TOKEN",
        "CANDIDATE_LOCK_KEY",
    };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    return 0;
}

int command_line_parse(struct options *ret_options, struct candidate_error *err,
                       char *argv[])
{
    int argc = 0;
    while (argv[argc])
        argc++;
    return options_parse(ret_options, argc, argv, err);
}

void command_line_refuses(const char *words, char *argv[])
{
    struct options o = { .config.ttl_s = 12345 };
    struct candidate_error err = { 0 };
    assert_int_equal(command_line_parse(&o, &err, argv), CANDIDATE_EINVAL);
    assert_string_equal(err.message, words);
    assert_int_equal(o.config.ttl_s, 12345);
}
