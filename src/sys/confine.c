/* confine.c: see confine.h.
 *
 * The filter only names what is refused. A list of what is allowed would have
 * to know all that libcurl, its resolver and its TLS library ever ask of a
 * kernel, and would end a leader when one of them learns something new.
 */
#include "sys/confine.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef OWN_ARCHITECTURE
enum {
    OTHER_NUMBERS_FROM = 0x40000000, /* x86-64's second set of calls */
};

#define LOAD(field)                                                            \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
/* How many of the following are left out if so, and if not. */
#define IS(test, number, yes, no)                                              \
    BPF_JUMP(BPF_JMP | (test) | BPF_K, (number), (yes), (no))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, (action))

static void refuse_programs(void)
{
    struct sock_filter filter[] = {
        LOAD(arch),
        IS(BPF_JEQ, OWN_ARCHITECTURE, 0, 4), /* calls have other numbers */
        LOAD(nr),
        IS(BPF_JGE, OTHER_NUMBERS_FROM, 2, 0),
        IS(BPF_JEQ, SYS_execve, 1, 0),
        IS(BPF_JEQ, SYS_execveat, 0, 1),
        RETURN(SECCOMP_RET_ERRNO | EPERM),
        RETURN(SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {
        .len = sizeof filter / sizeof *filter,
        .filter = filter,
    };
    (void)prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}
#else
static void refuse_programs(void)
{
}
#endif

void confine_no_programs(void)
{
    (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    refuse_programs();
}
