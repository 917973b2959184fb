/* resolver.c: the C library's resolver asks the name server of a test.
 *
 * Preloaded into the program under test. The server listens on loopback at
 * the port that TEST_NAMESERVER_PORT names: resolv.conf can name none.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#define NAME_OF(function) NAME(function) /* <resolv.h> has other names */
#define NAME(function) #function

int res_ninit(res_state state)
{
    const char *port = getenv("TEST_NAMESERVER_PORT");
    void *symbol = dlsym(RTLD_NEXT, NAME_OF(res_ninit));
    int (*init)(res_state);
    memcpy(&init, &symbol, sizeof init);
    int r = init(state);
    if (r < 0 || !port)
        return r;
    state->nscount = 1;
    state->nsaddr_list[0] = (struct sockaddr_in){
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)strtoul(port, NULL, 10)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    return 0;
}
