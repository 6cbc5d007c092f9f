#define _GNU_SOURCE
#include "cprocess.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

int cprocess_accept(int listener) { return accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

int cprocess_pipe(int ends[2]) { return pipe2(ends, O_NONBLOCK | O_CLOEXEC); }
