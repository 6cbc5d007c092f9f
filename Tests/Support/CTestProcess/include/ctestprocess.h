#pragma once
#include <sys/types.h>

/// Starts `argv[0]`, found in PATH, in `directory` (NULL: this one); its output and errors are added to two files.
///
/// Standard input is /dev/null, no other descriptor is inherited, every signal has its default. `death_signal` is sent to
/// it when the *thread* that calls ends. Returns its pid, or -1 with `errno` set; a program that cannot be executed ends
/// with status 127, and says why among its errors.
pid_t ctest_spawn(
    char *const argv[],
    char *const envp[],
    const char *directory,
    const char *output,
    const char *errors,
    int death_signal
);
