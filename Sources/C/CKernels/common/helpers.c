// A job is published as one pointer. A helper says which job it reads before it reads it (`reading`), looks whether that is
// still the one, and takes the word back when it is done: so the others know which jobs a helper may still touch, without
// ever waiting for it. No lock is shared with a helper, nor does one allocate or free memory: it could lose its processor
// while it holds what others need.
#define _GNU_SOURCE
#include "internal.h"
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct job {
    _Alignas(128) _Atomic size_t next;  // the first task that nobody has claimed
    _Alignas(128) _Atomic size_t finished;
    _Alignas(128) size_t tasks;
    ck_task *compute, *finish;
    void *compute_context, *finish_context;
    void *owner;  // NULL in a job that can be used
    atomic_uchar *promised;
    size_t capacity;
};

struct helper {
    _Alignas(128) _Atomic(struct job *) reading;
    ck_helpers *helpers;
    size_t thread;
    int64_t seen, since;  // when it last ran, and since when without a break, in nanoseconds
    _Atomic size_t finished;
};

struct ck_helpers {
    _Alignas(128) _Atomic(struct job *) current;
    _Alignas(128) _Atomic uint32_t awake;
    atomic_bool stop, cautious;
    size_t count, started;
    // One for each helper that may still read an old one, one that is open, one to be opened.
    struct job *jobs;
    struct helper *seats;
    pthread_t *threads;
    cpu_set_t processors;
};

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

// A processor that somebody else took from a helper is not its own again before it has been for so long: in the short
// pauses between the steps of a decoder nothing is begun that the next step would interrupt.
static const int64_t trial = 2000000, lapse = 200000;

static void note_break(struct helper *seat) { seat->since = seat->seen = now(CLOCK_MONOTONIC); }

// Whether the helper has had its processor for a while; called often.
static bool is_undisturbed(struct helper *seat) {
    const int64_t t = now(CLOCK_MONOTONIC);
    if (t - seat->seen > lapse) seat->since = t;
    seat->seen = t;
    return t - seat->since >= trial || !atomic_load_explicit(&seat->helpers->cautious, memory_order_relaxed);
}

static bool promise(struct job *job, size_t task) {
    unsigned char none = 0;
    return atomic_compare_exchange_strong(&job->promised[task], &none, 1);
}

static void finish(struct job *job, size_t task, size_t thread) {
    if (job->finish) job->finish(job->finish_context, task, thread);
    atomic_fetch_add_explicit(&job->finished, 1, memory_order_acq_rel);
}

// Computes a task, and finishes it unless somebody else has meanwhile.
static void help(struct job *job, struct helper *seat, size_t task) {
    const bool is_short = job->compute == NULL;
    if (atomic_load_explicit(&job->promised[task], memory_order_relaxed)) return;
    if (!is_short) {
        const int64_t wall = now(CLOCK_MONOTONIC), own = now(CLOCK_THREAD_CPUTIME_ID);
        job->compute(job->compute_context, task, seat->thread);
        seat->seen = now(CLOCK_MONOTONIC);
        if (seat->seen - wall - (now(CLOCK_THREAD_CPUTIME_ID) - own) > lapse) note_break(seat);
    }
    if (!promise(job, task)) return;
    atomic_fetch_add_explicit(&seat->finished, 1, memory_order_relaxed);
    finish(job, task, seat->thread);
    seat->seen = now(CLOCK_MONOTONIC);
}

// The current job, which stays what it is until the word is taken back; NULL if there is none.
static struct job *take_up(struct helper *seat) {
    struct job *job = atomic_load(&seat->helpers->current);
    for (;;) {
        atomic_store(&seat->reading, job);
        struct job *again = atomic_load(&seat->helpers->current);
        if (again == job) return job;
        job = again;
    }
}

static void look_for_work(struct helper *seat) {
    for (size_t idle = 0; atomic_load(&seat->helpers->awake) && !atomic_load(&seat->helpers->stop); idle++) {
        struct job *job = is_undisturbed(seat) ? take_up(seat) : NULL;
        while (job && is_undisturbed(seat)) {
            const size_t task = atomic_fetch_add(&job->next, 1);
            if (task >= job->tasks) break;
            help(job, seat, task);
            idle = 0;
        }
        atomic_store(&seat->reading, NULL);
        // Whoever wants the processor takes it from a thread of this priority anyway; a nap would be a break of its own.
        for (size_t pause = 0; pause < 20; pause++) ck_relax(pause);
        if (idle > 20000) {
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
            const int64_t t = now(CLOCK_MONOTONIC);
            if (t - seat->seen < 5 * lapse) seat->seen = t;
        }
    }
}

static void futex(_Atomic uint32_t *word, int operation, uint32_t value) {
    syscall(SYS_futex, word, operation | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void *helper(void *argument) {
    struct helper *seat = argument;
    ck_helpers *helpers = seat->helpers;
    if (CPU_COUNT(&helpers->processors) > 0) sched_setaffinity(0, sizeof helpers->processors, &helpers->processors);
    pthread_setname_np(pthread_self(), "helper");
    const struct sched_param none = {0};
    // Without a way to give way nobody is helped.
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0) return NULL;
    while (!atomic_load(&helpers->stop)) {
        note_break(seat);
        look_for_work(seat);
        if (!atomic_load(&helpers->awake) && !atomic_load(&helpers->stop)) futex(&helpers->awake, FUTEX_WAIT, 0);
    }
    return NULL;
}

ck_helpers *ck_helpers_create(size_t count, size_t first_thread, const int *processors, size_t processor_count) {
    ck_helpers *helpers = aligned_alloc(128, (sizeof *helpers + 127) / 128 * 128);
    if (!helpers) return NULL;
    memset(helpers, 0, sizeof *helpers);
    helpers->count = count;
    atomic_store(&helpers->cautious, true);
    for (size_t i = 0; i < processor_count; i++) {
        if (processors[i] >= 0 && processors[i] < CPU_SETSIZE) CPU_SET(processors[i], &helpers->processors);
    }
    helpers->jobs = aligned_alloc(128, (count + 2) * sizeof *helpers->jobs);
    helpers->seats = aligned_alloc(128, (count + 1) * sizeof *helpers->seats);
    helpers->threads = calloc(count + 1, sizeof *helpers->threads);
    bool able = helpers->jobs && helpers->seats && helpers->threads;
    if (able) {
        memset(helpers->jobs, 0, (count + 2) * sizeof *helpers->jobs);
        memset(helpers->seats, 0, (count + 1) * sizeof *helpers->seats);
    }
    while (able && helpers->started < count) {
        struct helper *seat = &helpers->seats[helpers->started];
        seat->helpers = helpers;
        seat->thread = first_thread + helpers->started;
        able = pthread_create(&helpers->threads[helpers->started], NULL, helper, seat) == 0;
        helpers->started += able;
    }
    if (able) return helpers;
    ck_helpers_stop(helpers);
    ck_helpers_destroy(helpers);
    return NULL;
}

void ck_helpers_stop(ck_helpers *helpers) {
    atomic_store(&helpers->stop, true);
    ck_helpers_wake(helpers);
    for (size_t i = 0; i < helpers->started; i++) pthread_join(helpers->threads[i], NULL);
    helpers->started = 0;
}

void ck_helpers_destroy(ck_helpers *helpers) {
    for (size_t i = 0; helpers->jobs && i < helpers->count + 2; i++) free(helpers->jobs[i].promised);
    free(helpers->jobs);
    free(helpers->seats);
    free(helpers->threads);
    free(helpers);
}

void ck_helpers_wake(ck_helpers *helpers) {
    atomic_store(&helpers->awake, 1);
    futex(&helpers->awake, FUTEX_WAKE, INT32_MAX);
}

void ck_helpers_rest(ck_helpers *helpers) { atomic_store(&helpers->awake, 0); }

void ck_helpers_set_cautious(ck_helpers *helpers, bool cautious) { atomic_store(&helpers->cautious, cautious); }

static bool is_read(ck_helpers *helpers, const struct job *job) {
    for (size_t i = 0; i < helpers->count; i++) {
        if (atomic_load(&helpers->seats[i].reading) == job) return true;
    }
    return false;
}

// There is always one: each helper reads one job at most, and the caller collects before it opens.
static struct job *unused(ck_helpers *helpers) {
    for (size_t i = 0; i < helpers->count + 2; i++) {
        struct job *job = &helpers->jobs[i];
        if (!job->owner && !is_read(helpers, job)) return job;
    }
    abort();
}

void ck_helpers_open(ck_helpers *helpers, size_t tasks, ck_task *compute, void *compute_context, ck_task *finish,
                     void *finish_context, void *owner) {
    struct job *job = unused(helpers);
    if (job->capacity < tasks) {
        free(job->promised);
        job->promised = malloc(tasks);
        if (!job->promised) abort();
        job->capacity = tasks;
    }
    if (tasks) memset(job->promised, 0, tasks);
    job->tasks = tasks;
    job->compute = compute;
    job->finish = finish;
    job->compute_context = compute_context;
    job->finish_context = finish_context;
    job->owner = owner;
    atomic_store(&job->next, 0);
    atomic_store(&job->finished, 0);
    atomic_store(&helpers->current, job);
}

void ck_helpers_drive(ck_helpers *helpers, size_t thread) {
    struct job *job = atomic_load(&helpers->current);
    if (!job) return;
    const size_t tasks = job->tasks;
    bool claims = true;
    // First what nobody has claimed, then what helpers have begun.
    for (size_t place = 0; place < tasks;) {
        const size_t task = claims ? atomic_fetch_add(&job->next, 1) : place++;
        if (task >= tasks) {
            claims = false;
        } else if (promise(job, task)) {
            if (job->compute) job->compute(job->compute_context, task, thread);
            finish(job, task, thread);
        }
    }
    for (size_t idle = 0; atomic_load_explicit(&job->finished, memory_order_acquire) < tasks; idle++) ck_relax(idle);
}

void ck_helpers_close(ck_helpers *helpers) { atomic_store(&helpers->current, NULL); }

void *ck_helpers_collect(ck_helpers *helpers) {
    for (size_t i = 0; i < helpers->count + 2; i++) {
        struct job *job = &helpers->jobs[i];
        if (!job->owner || job == atomic_load(&helpers->current) || is_read(helpers, job)) continue;
        void *owner = job->owner;
        job->owner = NULL;
        return owner;
    }
    return NULL;
}

size_t ck_helpers_owners(const ck_helpers *helpers) {
    size_t count = 0;
    for (size_t i = 0; i < helpers->count + 2; i++) count += helpers->jobs[i].owner != NULL;
    return count;
}

size_t ck_helpers_finished(const ck_helpers *helpers) {
    size_t sum = 0;
    for (size_t i = 0; i < helpers->count; i++) sum += atomic_load(&helpers->seats[i].finished);
    return sum;
}
