#define _GNU_SOURCE
#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int pipe_ends[2] = {-1, -1};
static pthread_once_t pipe_made = PTHREAD_ONCE_INIT;

static void make_pipe(void) {
    if (pipe2(pipe_ends, O_CLOEXEC)) return;
    // A handler must never wait: a signal that does not fit into the pipe's 64 KiB is one of thousands.
    fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK);
}

static void forward(int number) {
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    (void)!write(pipe_ends[1], &byte, 1);
    errno = saved;
}

static void unblock(int number) {
    sigset_t only;
    sigemptyset(&only);
    sigaddset(&only, number);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
}

int cprocess_signal_pipe(void) {
    pthread_once(&pipe_made, make_pipe);
    return pipe_ends[0];
}

int cprocess_watch_signal(int number) {
    if (cprocess_signal_pipe() < 0) return -1;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = forward;
    action.sa_flags = SA_RESTART;
    if (sigaction(number, &action, NULL)) return -1;
    unblock(number);
    return 0;
}

bool cprocess_is_ignored(int number) {
    struct sigaction action;
    return !sigaction(number, NULL, &action) && action.sa_handler == SIG_IGN;
}

void cprocess_end_by_signal(int number) {
    signal(number, SIG_DFL);
    unblock(number);
    kill(getpid(), number);
    // The first process of a container is spared by default actions; other threads may get the signal a moment later.
    usleep(100000);
    _exit(128 + number);
}

void cprocess_ignore_broken_pipes(void) { signal(SIGPIPE, SIG_IGN); }

// The two values are constants of the kernel's interface on every architecture that has the calls.
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

int cprocess_open_pid(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int cprocess_signal_pid(int descriptor, int number) {
    return (int)syscall(SYS_pidfd_send_signal, descriptor, number, NULL, 0);
}
