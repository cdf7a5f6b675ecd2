/* Preloaded into a server that binds to every interface and cannot be told otherwise: it listens on
 * loopback. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef int bind_function(int fd, const struct sockaddr *address, socklen_t size);

int bind(int fd, const struct sockaddr *address, socklen_t size)
{
    bind_function *next = (bind_function *)dlsym(RTLD_NEXT, "bind");
    struct sockaddr_storage copy = {0};
    memcpy(&copy, address, size < sizeof(copy) ? size : sizeof(copy));
    if (copy.ss_family == AF_INET)
        ((struct sockaddr_in *)&copy)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    else if (copy.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&copy)->sin6_addr = in6addr_loopback;
    return next(fd, (struct sockaddr *)&copy, size);
}
