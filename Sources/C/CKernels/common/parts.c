// A part is one atomic word: its next grain in the high half, its end in the low. Its thread and those that have
// nothing left take from the same end, so that a piece never splits what its thread goes through.
#include "internal.h"
#include <stdatomic.h>
#include <stdlib.h>

struct part {
    _Alignas(128) _Atomic uint64_t rest;
};

struct ck_parts {
    size_t threads;
    size_t count, grain, most;  // of the deal; most is in grains
    struct part *parts;
};

ck_parts *ck_parts_create(size_t threads) {
    ck_parts *parts = calloc(1, sizeof *parts);
    if (!parts) return NULL;
    parts->threads = threads;
    parts->parts = aligned_alloc(128, threads * sizeof *parts->parts);
    if (parts->parts) {
        ck_parts_deal(parts, 0, 1, 1);
        return parts;
    }
    free(parts);
    return NULL;
}

void ck_parts_destroy(ck_parts *parts) {
    free(parts->parts);
    free(parts);
}

static size_t grains(size_t count, size_t grain) { return (count + grain - 1) / grain; }

// In grains, without a product that could overflow.
static size_t part_begin(size_t grains, size_t threads, size_t part) {
    const size_t rest = grains % threads;
    return grains / threads * part + (part < rest ? part : rest);
}

size_t ck_parts_begin(size_t count, size_t grain, size_t threads, size_t part) {
    const size_t begin = part_begin(grains(count, grain), threads, part) * grain;
    return begin < count ? begin : count;
}

void ck_parts_deal(ck_parts *parts, size_t count, size_t grain, size_t most) {
    parts->count = count;
    parts->grain = grain;
    parts->most = most / grain ? most / grain : 1;
    const size_t all = grains(count, grain);
    for (size_t i = 0; i < parts->threads; i++) {
        const uint64_t next = part_begin(all, parts->threads, i), end = part_begin(all, parts->threads, i + 1);
        atomic_store_explicit(&parts->parts[i].rest, next << 32 | end, memory_order_relaxed);
    }
}

static bool take(ck_parts *parts, struct part *part, size_t *begin, size_t *end) {
    uint64_t rest = atomic_load_explicit(&part->rest, memory_order_relaxed);
    for (;;) {
        const uint64_t next = rest >> 32, last = (uint32_t)rest;
        if (next >= last) return false;
        uint64_t size = (last - next) / 2;
        if (size > parts->most) size = parts->most;
        if (size == 0) size = 1;
        if (!atomic_compare_exchange_weak_explicit(&part->rest, &rest, (next + size) << 32 | last, memory_order_relaxed,
                                                   memory_order_relaxed)) {
            continue;
        }
        *begin = next * parts->grain;
        *end = (next + size) * parts->grain;
        if (*end > parts->count) *end = parts->count;
        return true;
    }
}

bool ck_parts_take(ck_parts *parts, size_t thread, size_t *begin, size_t *end) {
    for (size_t i = 0; i < parts->threads; i++) {
        const size_t part = thread + i < parts->threads ? thread + i : thread + i - parts->threads;
        if (take(parts, &parts->parts[part], begin, end)) return true;
    }
    return false;
}
