// Threads that share the tasks of one operation.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct ck_thread_pool ck_thread_pool;
typedef void ck_task(void *context, size_t task, size_t thread);
typedef void ck_errand(void *context);

// A pool of `threads` >= 1 threads, the caller of ck_thread_pool_run being thread 0. With `bind` and an affinity mask
// of exactly `threads` processors each worker is bound to one of them; a wider mask may be shared with other
// processes, which would choose the same processors. NULL if the system has no more threads.
ck_thread_pool *ck_thread_pool_create(size_t threads, bool bind);

// Restricts the caller, and threads that it creates later, to processors number first ..< first + count of its affinity
// mask. False, and nothing is done, where the mask has fewer or the system knows no masks.
bool ck_bind_caller(size_t first, size_t count);

// Has the caller, and threads that it creates later, give way to others: `nice` as setpriority(2) has it, for this thread
// alone. False where the system refuses.
bool ck_give_way(int nice);

void ck_thread_pool_destroy(ck_thread_pool *pool);

// Between these two the workers spin for the next operation (then yield, then doze); outside they sleep.
void ck_thread_pool_begin_step(ck_thread_pool *pool);
void ck_thread_pool_end_step(ck_thread_pool *pool);

// Calls body(context, task, thread) for each task in 0 ..< tasks, claimed one by one; returns when all are done.
// Writes of the tasks are visible to the caller afterwards. False, and nothing is done, when called from inside a task.
bool ck_thread_pool_run(ck_thread_pool *pool, size_t tasks, ck_task *body, void *context);

// What the caller of ck_thread_pool_run does after each of its own tasks, and while it waits for others; NULL for nothing.
// Something short: it takes the caller's time.
void ck_thread_pool_set_errand(ck_thread_pool *pool, ck_errand *errand, void *context);

// What thread `thread` will read first in an operation to come, or NULL: it brings the beginning of it nearer while it
// waits for that operation, until the step ends or something else is said. Nothing is read that is not there.
void ck_thread_pool_set_ahead(ck_thread_pool *pool, size_t thread, const void *ahead);
