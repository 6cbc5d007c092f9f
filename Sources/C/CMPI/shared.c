// A file without a name (memfd), made by rank 0 and opened by the others through /proc: it is gone with the last rank
// that has it, even after SIGKILL, and no limit of /dev/shm, small in containers, applies to it.
#define _GNU_SOURCE
#include "cmpi_exchange.h"
#include "cmpi_shared.h"
#include "internal.h"

#include <fcntl.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

// Two cache lines each: processors fetch them in pairs.
struct flag {
    _Alignas(128) _Atomic uint64_t round;
};

struct cmpi_shared {
    char *base;
    size_t bytes;
    struct flag *flags;
    size_t *offsets;
    uint64_t round;
    size_t patience;  // pauses before the processor is offered to others
    int rank, size;
};

enum { least_patience = 32, most_patience = 1000 };

// Where the others find rank 0's file.
struct place {
    int64_t pid, fd, inode;
};

static size_t pages(size_t bytes) { return (bytes + 4095) / 4096 * 4096; }

// Whether every rank says yes.
static bool all_agree(MPI_Comm comm, bool yes) {
    int mine = yes, all = 0;
    return MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MIN, comm) == MPI_SUCCESS && all;
}

static int create(size_t bytes, struct place *place) {
#if defined(__linux__)
    const int fd = memfd_create("flotilla", MFD_CLOEXEC);
    struct stat status;
    if (fd < 0) return -1;
    if (ftruncate(fd, (off_t)bytes) == 0 && fstat(fd, &status) == 0) {
        *place = (struct place){getpid(), fd, (int64_t)status.st_ino};
        return fd;
    }
    close(fd);
#endif
    (void)bytes, (void)place;
    return -1;
}

// Rank 0's file, if this is it: in a container of its own a rank would find somebody else's, or nothing.
static int open_place(const struct place *place, size_t bytes) {
    char path[64];
    struct stat status;
    if (place->pid == 0) return -1;
    snprintf(path, sizeof path, "/proc/%lld/fd/%lld", (long long)place->pid, (long long)place->fd);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return -1;
    if (fstat(fd, &status) == 0 && (int64_t)status.st_ino == place->inode && (size_t)status.st_size == bytes) return fd;
    close(fd);
    return -1;
}

static bool on_one_host(cmpi_comm comm, int size) {
    int *hosts = calloc((size_t)size, sizeof *hosts);
    if (!hosts) abort();
    bool together = cmpi_hosts(comm, hosts) == MPI_SUCCESS;
    for (int r = 0; r < size; r++) together = together && hosts[r] == 0;
    free(hosts);
    return together;
}

static cmpi_shared lay_out(MPI_Comm comm, const int64_t *bytes) {
    cmpi_shared shared = calloc(1, sizeof *shared);
    if (!shared) abort();
    MPI_Comm_rank(comm, &shared->rank);
    MPI_Comm_size(comm, &shared->size);
    shared->offsets = calloc((size_t)shared->size, sizeof *shared->offsets);
    if (!shared->offsets) abort();
    shared->bytes = pages((size_t)shared->size * sizeof(struct flag));
    for (int r = 0; r < shared->size; r++) {
        shared->offsets[r] = shared->bytes;
        shared->bytes += pages((size_t)bytes[r]);
    }
    return shared;
}

// Maps the file on every rank; false unless all of them could.
static bool map_everywhere(MPI_Comm comm, cmpi_shared shared, size_t own_bytes) {
    struct place place = {0};
    int fd = shared->rank == 0 ? create(shared->bytes, &place) : -1;
    const bool told = MPI_Bcast(&place, sizeof place, MPI_BYTE, 0, comm) == MPI_SUCCESS;
    if (told && shared->rank != 0) fd = open_place(&place, shared->bytes);
    void *base = fd < 0 ? MAP_FAILED : mmap(NULL, shared->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    // Each rank asks for the pages of its own block, on its own memory node: where there are none left, messages do, and
    // nobody is killed at the first touch.
    const off_t begin = (off_t)shared->offsets[shared->rank];
    if (base != MAP_FAILED && own_bytes && posix_fallocate(fd, begin, (off_t)own_bytes) != 0) {
        munmap(base, shared->bytes);
        base = MAP_FAILED;
    }
    if (base != MAP_FAILED) shared->base = base;
    // Rank 0's stays open until everyone has opened it.
    const bool able = all_agree(comm, shared->base != NULL);
    if (fd >= 0) close(fd);
    return able;
}

cmpi_shared cmpi_share(cmpi_comm comm, const int64_t *bytes, int willing) {
    cmpi_shared shared = lay_out(comm->comm, bytes);
    const bool together = on_one_host(comm, shared->size);
    if (!all_agree(comm->comm, together && willing) || !map_everywhere(comm->comm, shared, (size_t)bytes[shared->rank])) {
        cmpi_shared_free(shared);
        return NULL;
    }
    shared->flags = (struct flag *)shared->base;
    shared->patience = most_patience;
    // The first touch decides on which memory node a page lies: that of the rank that writes it.
    memset(cmpi_shared_block(shared, shared->rank), 0, (size_t)bytes[shared->rank]);
    cmpi_shared_complete(shared);
    return shared;
}

void cmpi_shared_free(cmpi_shared shared) {
    if (shared->base) munmap(shared->base, shared->bytes);
    free(shared->offsets);
    free(shared);
}

void *cmpi_shared_block(cmpi_shared shared, int rank) { return shared->base + shared->offsets[rank]; }

static void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static int64_t nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// Offers the processor to others; true if somebody kept it so long that they do not work for us.
static bool offer(void) {
    const int64_t began = nanoseconds();
    sched_yield();
    return nanoseconds() - began > 1000000;
}

// Waits for one rank. Pauses, some 25 us of them; then the processor is offered to others every few microseconds; after
// some milliseconds the rank dozes. Where ranks outnumber processors the other one may be waiting for this very
// processor: it has then done its part after the first offer, and the next offer comes earlier. Where strangers take the
// offers, each costs their whole slice; one that wakes from a doze is let in before them.
static void wait_for(cmpi_shared shared, const struct flag *flag, uint64_t round) {
    const size_t offer_every = 256, doze_after = 400000;
    size_t offers = 0;
    bool crowded = false;
    for (size_t idle = 0; atomic_load_explicit(&flag->round, memory_order_acquire) < round; idle++) {
        if (idle >= doze_after || crowded) {
            nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
        } else if (idle >= shared->patience && (idle - shared->patience) % offer_every == 0) {
            crowded = offer();
            offers++;
        } else {
            pause_briefly();
        }
        if (atomic_load_explicit(&flag->round, memory_order_acquire) < round) continue;
        if (offers == 1 && shared->patience > least_patience) shared->patience /= 2;
        if (offers == 0 && shared->patience < most_patience) shared->patience += shared->patience / 8;
    }
}

void cmpi_shared_complete(cmpi_shared shared) {
    const uint64_t round = ++shared->round;
    atomic_store_explicit(&shared->flags[shared->rank].round, round, memory_order_release);
    for (int r = 0; r < shared->size; r++) wait_for(shared, &shared->flags[r], round);
}
