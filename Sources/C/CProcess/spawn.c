#define _GNU_SOURCE
#include "cprocess.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

// The value is a constant of the kernel's interface on every architecture that has the call.
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

// A kernel before 5.11 has no close_range with this flag; the descriptors that this program opens are close-on-exec.
static void close_others_on_exec(void) { (void)syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC); }

static void reset_signals(void) {
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

// Runs between fork and exec: only async-signal-safe calls. Returns if something failed, with errno set.
static void become(const char *path, char *const argv[], char *const envp[], int death_signal, pid_t parent, int out) {
    if (setpgid(0, 0)) return;
    if (death_signal) {
        if (prctl(PR_SET_PDEATHSIG, death_signal)) return;
        // The parent may have died before the call above.
        if (getppid() != parent) _exit(126);
    }
    reset_signals();
    int null = open("/dev/null", O_RDONLY);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) return;
    close_others_on_exec();
    execve(path, argv, envp);
}

// 0 once the child runs `path`, else the errno of what failed in it.
static int read_failure(int descriptor) {
    int failure = 0;
    ssize_t count;
    do count = read(descriptor, &failure, sizeof failure);
    while (count < 0 && errno == EINTR);
    return count == (ssize_t)sizeof failure ? failure : 0;
}

pid_t cprocess_spawn(const char *path, char *const argv[], char *const envp[], int death_signal, int *output) {
    int out[2], failed[2];
    if (pipe2(out, O_CLOEXEC)) return -1;
    if (pipe2(failed, O_CLOEXEC)) {
        int saved = errno;
        close(out[0]);
        close(out[1]);
        errno = saved;
        return -1;
    }
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        become(path, argv, envp, death_signal, parent, out[1]);
        int failure = errno;
        (void)!write(failed[1], &failure, sizeof failure);
        _exit(127);
    }
    int failure = child < 0 ? errno : 0;
    close(out[1]);
    close(failed[1]);
    if (child > 0 && (failure = read_failure(failed[0])) != 0) cprocess_wait(child, true);
    close(failed[0]);
    if (failure) {
        close(out[0]);
        errno = failure;
        return -1;
    }
    *output = out[0];
    return child;
}

cprocess_status cprocess_wait(pid_t pid, bool block) {
    int status = 0;
    pid_t found;
    do found = waitpid(pid, &status, block ? 0 : WNOHANG);
    while (found < 0 && errno == EINTR);
    if (found == 0) return (cprocess_status){.ended = false};
    // No such child: somebody else has reaped it, so that it did end.
    if (found < 0) return (cprocess_status){.ended = true};
    if (WIFSIGNALED(status)) return (cprocess_status){.ended = true, .code = WTERMSIG(status), .signalled = true};
    return (cprocess_status){.ended = true, .code = WEXITSTATUS(status)};
}

bool cprocess_has_ended(pid_t pid) {
    siginfo_t found = {0};
    if (waitid(P_PID, (id_t)pid, &found, WEXITED | WNOHANG | WNOWAIT)) return errno == ECHILD;
    return found.si_pid == pid;
}
