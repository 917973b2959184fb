/* visitor.c: see visitor.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "visitor.h"

int visitor_dial(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_port = htons(port) };
    struct timeval patience = { .tv_sec = VISITOR_PATIENCE_MS / 1000 };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

int visitor_get(uint16_t port, const char *path, char *ret_reply)
{
    static const char version[] = "HTTP/1.1 ";
    char request[256];
    size_t bytes = 0;
    ssize_t n;
    int fd = visitor_dial(port);
    ret_reply[0] = '\0';
    if (fd < 0)
        return -1;
    int length = snprintf(request, sizeof request,
                          "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                          "\r\n",
                          path);
    (void)!send(fd, request, (size_t)length, MSG_NOSIGNAL);
    while (bytes < VISITOR_REPLY_BYTES_MAX - 1 &&
           (n = recv(fd, ret_reply + bytes, VISITOR_REPLY_BYTES_MAX - 1 - bytes,
                     0)) > 0)
        bytes += (size_t)n;
    close(fd);
    ret_reply[bytes] = '\0';
    if (strncmp(ret_reply, version, strlen(version)) != 0 ||
        !strstr(ret_reply, "\r\n\r\n"))
        return -1;
    return (int)strtol(ret_reply + strlen(version), NULL, 10);
}
