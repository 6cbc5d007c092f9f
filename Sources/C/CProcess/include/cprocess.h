#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

// What Swift cannot do safely by itself: everything between fork and exec, signal handlers, and what glibc
// declares for GNU sources only.

/// Starts `path` as the leader of a process group of its own, with every signal reset to its default.
///
/// Standard input is /dev/null; standard output and error are one pipe, whose reading end is stored in `output`.
/// No other descriptor is inherited. `death_signal` (0: none) is sent to the child when the *thread* that calls ends,
/// so call it from a thread that lives as long as the process.
/// Returns the child's pid, or -1 with `errno` set, also when `path` could not be executed.
pid_t cprocess_spawn(const char *path, char *const argv[], char *const envp[], int death_signal, int *output);

/// How a child ended.
typedef struct {
    bool ended;
    /// The exit status, or the signal's number.
    int code;
    bool signalled;
} cprocess_status;

/// Waits for `pid` (or only looks, if `block` is false).
cprocess_status cprocess_wait(pid_t pid, bool block);

/// Whether the child `pid` has ended; it stays a zombie, so that its pid and its process group still mean it.
bool cprocess_has_ended(pid_t pid);

/// A descriptor for `pid`, readable once the process has ended; -1 with `errno` set.
///
/// Unlike a pid it never comes to mean another process.
int cprocess_open_pid(pid_t pid);

/// Sends `signal` to the process behind a descriptor of cprocess_open_pid; 0, or -1 with `errno` set.
int cprocess_signal_pid(int descriptor, int signal);

/// Has the sockets of the child `pid` that listen on every address of the machine listen on the loopback address alone, at
/// other ports: for programs that tell nobody where they listen.
///
/// How many there were; -1 where the kernel lets nobody do that.
int cprocess_confine_listeners(pid_t pid);

/// A descriptor from which one byte can be read for each watched signal that came: its number; -1 with `errno` set.
///
/// The same for the whole process.
int cprocess_signal_pipe(void);

/// Sends `signal` to the pipe instead of letting it act; 0, or -1 with `errno` set.
///
/// The calling thread takes it, also where the process was started with that signal blocked, as some parents do.
int cprocess_watch_signal(int signal);

/// Whether `signal` is ignored, as by nohup.
bool cprocess_is_ignored(int signal);
/// Ends the process by `signal`'s default action, so that its parent sees the status of that signal.
void cprocess_end_by_signal(int signal);

/// A write to a closed pipe or socket fails with EPIPE from now on.
void cprocess_ignore_broken_pipes(void);

/// The next peer of a listening socket, as a non-blocking socket that no child inherits; -1 with `errno` set.
int cprocess_accept(int listener);

/// A non-blocking pipe that no child inherits: reading end, writing end; 0, or -1 with `errno` set.
int cprocess_pipe(int ends[2]);

/// The width in columns of the terminal behind `descriptor`; 0 if it is none.
int cprocess_terminal_columns(int descriptor);

/// Keeps the calling thread, and threads that it creates later, to the processors with these numbers of the kernel's; 0, or
/// -1 with `errno` set if it may use none of them.
int cprocess_keep_to_processors(const int *numbers, size_t count);

/// Milliseconds since some fixed moment; never goes back.
int64_t cprocess_now_milliseconds(void);
