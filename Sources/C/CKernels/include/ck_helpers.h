// Threads that help with work only while nobody else wants their processors.
//
// They have the lowest priority that the system knows (SCHED_IDLE on Linux), so that any other thread takes their
// processor at once, for as long as it likes. Nobody may wait for such a thread. So a task has two halves: to compute,
// which writes nothing but the work area of the thread that does it, and to finish, which puts the result in its place.
// Whoever is first to promise a task finishes it; a helper promises when it has computed, everybody else before. What
// helpers have begun and not promised is done again by the others, who can do all of it by themselves.
#pragma once
#include "ck_thread_pool.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct ck_helpers ck_helpers;

// `count` helpers, numbered from `first_thread` as threads; NULL if the system has no more of them. With
// `processor_count` > 0 they may run on the processors with these numbers of the kernel's, as far as the process may, else
// on those of the caller.
ck_helpers *ck_helpers_create(size_t count, size_t first_thread, const int *processors, size_t processor_count);

// Has them end, which takes until each has had its processor for a moment; then all owners can be collected.
void ck_helpers_stop(ck_helpers *helpers);
// After they were stopped.
void ck_helpers_destroy(ck_helpers *helpers);

// Between these two they look for work (and doze when there is none); outside they sleep.
void ck_helpers_wake(ck_helpers *helpers);
void ck_helpers_rest(ck_helpers *helpers);

// Whether a helper claims work only once its processor has been its own for a while, which is so unless a test says
// otherwise.
void ck_helpers_set_cautious(ck_helpers *helpers, bool cautious);

// Opens a job of `tasks` tasks; one at a time. A helper may still compute when the job is closed, for nobody: `compute` and
// what it reads must last until ck_helpers_collect hands `owner` back. `finish` may be NULL, and a helper promises a task of
// a job without `compute` before it does `finish`: for what takes microseconds.
void ck_helpers_open(ck_helpers *helpers, size_t tasks, ck_task *compute, void *compute_context, ck_task *finish,
                     void *finish_context, void *owner);

// Does tasks of the open job on the calling thread, which is no helper, until all are finished. Several may call.
void ck_helpers_drive(ck_helpers *helpers, size_t thread);

// Closes the job, all of whose tasks are finished.
void ck_helpers_close(ck_helpers *helpers);

// The owner of a closed job that no helper has to do with any more, handed over once; NULL if there is none now.
void *ck_helpers_collect(ck_helpers *helpers);

// Owners that have not been handed back.
size_t ck_helpers_owners(const ck_helpers *helpers);

// Tasks that helpers have finished since they were created.
size_t ck_helpers_finished(const ck_helpers *helpers);
