// A pool whose tasks are claimed from one atomic word: generation in the high half, tasks not yet claimed in the low.
//
// Only a thread that has claimed a task reads the operation, and an operation lives until its last task is done, so a
// worker that comes late finds nothing and delays nobody: more threads than processors stay correct and usable.
#define _GNU_SOURCE
#include "internal.h"
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

struct ck_thread_pool {
    // One cache line tells a worker everything: the operation is written before `word` is published, and read after a
    // claim, which has fetched the line.
    _Alignas(128) _Atomic uint64_t word;
    ck_task *body;
    void *context;
    size_t tasks;
    _Alignas(128) _Atomic size_t done;
    _Alignas(128) atomic_bool awake;
    bool running;
    bool stop;
    ck_errand *errand;  // the caller's, between its tasks; NULL for none
    void *errand_context;
    pthread_mutex_t mutex;  // guards the change of `awake` and `stop`, for those who sleep
    pthread_cond_t wake;
    size_t threads, started;
    bool bound;
#if defined(__linux__)
    cpu_set_t allowed, taken;  // the process's processors, and those to which workers are bound
#endif
    pthread_t *workers;
    struct seat {
        _Alignas(128) struct ck_thread_pool *pool;
        size_t thread;
        _Atomic(const char *) ahead;
    } *seats;  // one a thread, the caller's first
};

// Bytes that a thread brings to its second-level cache while it waits: some microseconds of reading, and half or less
// of the smallest such cache.
enum { most_ahead = 128 << 10, lines_together = 8 };

void ck_relax(size_t round) {
    const size_t pauses = 2000, yields = 10000;
    if (round < pauses) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        __asm__ volatile("yield");
#endif
    } else if (round < pauses + yields) {
        sched_yield();
    } else {
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
    }
}

// Claims and does tasks until none is left; false if there was none. What was done is counted once, at the end.
static bool work(ck_thread_pool *pool, size_t thread) {
    size_t done = 0;
    uint64_t word = atomic_load_explicit(&pool->word, memory_order_acquire);
    while ((uint32_t)word) {
        if (!atomic_compare_exchange_weak_explicit(&pool->word, &word, word - 1, memory_order_acq_rel,
                                                   memory_order_acquire)) {
            continue;
        }
        pool->body(pool->context, pool->tasks - (uint32_t)word, thread);
        done++;
        if (thread == 0 && pool->errand) pool->errand(pool->errand_context);
        word = atomic_load_explicit(&pool->word, memory_order_acquire);
    }
    if (done) atomic_fetch_add_explicit(&pool->done, done, memory_order_acq_rel);
    return done > 0;
}

// Sleeps until a step begins; false if the pool ends.
static bool sleep_until_step(ck_thread_pool *pool) {
    pthread_mutex_lock(&pool->mutex);
    while (!atomic_load(&pool->awake) && !pool->stop) pthread_cond_wait(&pool->wake, &pool->mutex);
    const bool goes_on = !pool->stop;
    pthread_mutex_unlock(&pool->mutex);
    return goes_on;
}

// What a thread does while it waits, `idle` times before in a row: it brings the next lines of what comes, or rests.
static void wait_a_little(struct seat *seat, size_t idle) {
    const char *ahead = atomic_load_explicit(&seat->ahead, memory_order_relaxed);
    const size_t begin = idle * lines_together * 64;
    if (!ahead || begin >= most_ahead) return ck_relax(idle);
    for (size_t i = 0; i < lines_together; i++) __builtin_prefetch(ahead + begin + i * 64, 0, 2);
}

static void *worker(void *argument) {
    struct seat *seat = argument;
    ck_thread_pool *pool = seat->pool;
    for (size_t idle = 0;;) {
        if (work(pool, seat->thread)) {
            idle = 0;
        } else if (!atomic_load_explicit(&pool->awake, memory_order_acquire)) {
            if (!sleep_until_step(pool)) return NULL;
            idle = 0;
        } else {
            wait_a_little(seat, idle++);
        }
    }
}

static void set_awake(ck_thread_pool *pool, bool awake, bool stop) {
    pthread_mutex_lock(&pool->mutex);
    atomic_store(&pool->awake, awake);
    pool->stop = stop;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->mutex);
}

static void bind_workers(ck_thread_pool *pool) {
#if defined(__linux__)
    cpu_set_t *allowed = &pool->allowed;
    if (sched_getaffinity(0, sizeof *allowed, allowed) || (size_t)CPU_COUNT(allowed) != pool->threads) return;
    size_t thread = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE && thread < pool->threads; cpu++) {
        if (!CPU_ISSET(cpu, allowed)) continue;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        if (thread > 0) {
            pthread_setaffinity_np(pool->workers[thread - 1], sizeof one, &one);
            CPU_SET(cpu, &pool->taken);
        }
        thread++;
    }
    pool->bound = true;
#else
    (void)pool;
#endif
}

// The caller is not bound, for threads that it creates would be too. But on the processor of a worker it would keep
// that worker waiting until the system notices, some milliseconds later: so it moves, and may then go where it likes.
static void make_way(ck_thread_pool *pool) {
#if defined(__linux__)
    const int cpu = pool->bound ? sched_getcpu() : -1;
    if (cpu < 0 || cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, &pool->taken)) return;
    cpu_set_t own;
    CPU_XOR(&own, &pool->allowed, &pool->taken);
    if (sched_setaffinity(0, sizeof own, &own) == 0) sched_setaffinity(0, sizeof pool->allowed, &pool->allowed);
#else
    (void)pool;
#endif
}

bool ck_bind_caller(size_t first, size_t count) {
#if defined(__linux__)
    cpu_set_t allowed, chosen;
    if (sched_getaffinity(0, sizeof allowed, &allowed) || (size_t)CPU_COUNT(&allowed) < first + count) return false;
    CPU_ZERO(&chosen);
    size_t place = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &allowed)) continue;
        if (place >= first && place < first + count) CPU_SET(cpu, &chosen);
        place++;
    }
    return sched_setaffinity(0, sizeof chosen, &chosen) == 0;
#else
    (void)first;
    (void)count;
    return false;
#endif
}

bool ck_give_way(int nice) {
#if defined(__linux__)
    // On Linux 0 is the calling thread, not its process.
    return setpriority(PRIO_PROCESS, 0, nice) == 0;
#else
    (void)nice;
    return false;
#endif
}

ck_thread_pool *ck_thread_pool_create(size_t threads, bool bind) {
    ck_thread_pool *pool = aligned_alloc(128, (sizeof *pool + 127) / 128 * 128);
    if (!pool) return NULL;
    memset(pool, 0, sizeof *pool);
    pool->threads = threads;
    pthread_mutex_init(&pool->mutex, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->workers = calloc(threads, sizeof *pool->workers);
    pool->seats = aligned_alloc(128, threads * sizeof *pool->seats);
    bool able = pool->workers && pool->seats;
    for (size_t i = 0; able && i < threads; i++) pool->seats[i] = (struct seat){pool, i, NULL};
    while (able && pool->started + 1 < threads) {
        struct seat *seat = &pool->seats[pool->started + 1];
        able = pthread_create(&pool->workers[pool->started], NULL, worker, seat) == 0;
        pool->started += able;
    }
    if (able) {
        if (bind) bind_workers(pool);
        return pool;
    }
    ck_thread_pool_destroy(pool);
    return NULL;
}

void ck_thread_pool_destroy(ck_thread_pool *pool) {
    set_awake(pool, false, true);
    for (size_t i = 0; i < pool->started; i++) pthread_join(pool->workers[i], NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->mutex);
    free(pool->workers);
    free(pool->seats);
    free(pool);
}

void ck_thread_pool_begin_step(ck_thread_pool *pool) {
    if (pool->started == 0) return;
    make_way(pool);
    set_awake(pool, true, false);
}

void ck_thread_pool_end_step(ck_thread_pool *pool) {
    for (size_t i = 0; i <= pool->started; i++) ck_thread_pool_set_ahead(pool, i, NULL);
    if (pool->started > 0) set_awake(pool, false, false);
}

void ck_thread_pool_set_ahead(ck_thread_pool *pool, size_t thread, const void *ahead) {
    atomic_store_explicit(&pool->seats[thread].ahead, (const char *)ahead, memory_order_relaxed);
}

void ck_thread_pool_set_errand(ck_thread_pool *pool, ck_errand *errand, void *context) {
    pool->errand = errand;
    pool->errand_context = context;
}

// Publishes the operation, works on it and waits for the tasks that others have claimed.
static void share(ck_thread_pool *pool, size_t tasks, ck_task *body, void *context) {
    pool->body = body;
    pool->context = context;
    pool->tasks = tasks;
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    const uint64_t generation = (atomic_load_explicit(&pool->word, memory_order_relaxed) >> 32) + 1;
    atomic_store_explicit(&pool->word, generation << 32 | tasks, memory_order_release);
    work(pool, 0);
    for (size_t idle = 0; atomic_load_explicit(&pool->done, memory_order_acquire) < tasks; idle++) {
        if (pool->errand) pool->errand(pool->errand_context);
        wait_a_little(&pool->seats[0], idle);
    }
}

bool ck_thread_pool_run(ck_thread_pool *pool, size_t tasks, ck_task *body, void *context) {
    if (pool->running || tasks > UINT32_MAX) return false;
    pool->running = true;
    if (pool->started == 0 || tasks < 2) {
        for (size_t task = 0; task < tasks; task++) {
            body(context, task, 0);
            if (pool->errand) pool->errand(pool->errand_context);
        }
    } else {
        const bool step = atomic_load_explicit(&pool->awake, memory_order_relaxed);
        if (!step) ck_thread_pool_begin_step(pool);
        share(pool, tasks, body, context);
        if (!step) ck_thread_pool_end_step(pool);
    }
    pool->running = false;
    return true;
}
