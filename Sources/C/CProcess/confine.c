// mpirun listens on every address of the machine, whatever interfaces it is told to use, though with ranks on this
// machine alone nobody has to reach it. Its parent can mend that: it borrows the descriptor and binds it anew.
#define _GNU_SOURCE
#include "cprocess.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

// The values are constants of the kernel's interface on every architecture that has the calls.
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

typedef union {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address;

// Whether the socket listens on every address; then `loopback` is where it shall listen, at any port.
static bool listens_everywhere(int fd, address *loopback) {
    int listening = 0;
    socklen_t size = sizeof listening;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) || !listening) return false;
    address found;
    size = sizeof found;
    if (getsockname(fd, &found.any, &size)) return false;
    if (found.any.sa_family == AF_INET && found.v4.sin_addr.s_addr == htonl(INADDR_ANY)) {
        *loopback = (address){.v4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
        return true;
    }
    if (found.any.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&found.v6.sin6_addr)) {
        *loopback = (address){.v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT}};
        return true;
    }
    return false;
}

// A socket that has stopped to listen and was bound by the kernel's choice is free to be bound again. Where that fails, as
// without the other family's loopback, it listens nowhere.
static void bind_anew(int fd, const address *loopback) {
    const socklen_t size = loopback->any.sa_family == AF_INET ? sizeof loopback->v4 : sizeof loopback->v6;
    shutdown(fd, SHUT_RDWR);
    if (bind(fd, &loopback->any, size) == 0) listen(fd, SOMAXCONN);
}

int cprocess_confine_listeners(pid_t pid) {
    const int process = cprocess_open_pid(pid);
    char path[64];
    snprintf(path, sizeof path, "/proc/%lld/fd", (long long)pid);
    DIR *list = process < 0 ? NULL : opendir(path);
    int confined = list ? 0 : -1;
    bool stopped = false;
    for (struct dirent *entry; list && (entry = readdir(list));) {
        char *end;
        const long number = strtol(entry->d_name, &end, 10);
        if (*end || end == entry->d_name) continue;
        const int fd = (int)syscall(SYS_pidfd_getfd, process, (int)number, 0U);
        if (fd < 0) {
            if (errno == ENOSYS || errno == EPERM) confined = -1;
            if (confined < 0) break;
            continue;
        }
        address loopback;
        if (listens_everywhere(fd, &loopback)) {
            // Its thread must not see a socket that does not listen.
            if (!stopped) stopped = cprocess_signal_pid(process, SIGSTOP) == 0;
            bind_anew(fd, &loopback);
            confined++;
        }
        close(fd);
    }
    if (stopped) cprocess_signal_pid(process, SIGCONT);
    if (list) closedir(list);
    if (process >= 0) close(process);
    return confined;
}
