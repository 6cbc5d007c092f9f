#define _GNU_SOURCE
#include "ctestprocess.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int become(int descriptor, const char *path, int flags) {
    int opened = open(path, flags, 0644);
    return opened < 0 || dup2(opened, descriptor) < 0 ? -1 : close(opened);
}

pid_t ctest_spawn(
    char *const argv[],
    char *const envp[],
    const char *directory,
    const char *output,
    const char *errors,
    int death_signal
) {
    pid_t parent = getpid(), child = fork();
    if (child != 0) return child;
    // Only async-signal-safe calls from here on: other threads of the parent may have held any lock.
    const int append = O_WRONLY | O_CREAT | O_APPEND;
    if (prctl(PR_SET_PDEATHSIG, death_signal) || getppid() != parent) _exit(126);
    for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (become(0, "/dev/null", O_RDONLY) || become(1, output, append) || become(2, errors, append)) _exit(127);
    if (!directory || !chdir(directory)) {
        (void)syscall(SYS_close_range, 3U, ~0U, 0U);
        execvpe(argv[0], argv, envp);
    }
    static const char failure[] = "the program could not be started\n";
    (void)!write(2, failure, sizeof failure - 1);
    _exit(127);
}
