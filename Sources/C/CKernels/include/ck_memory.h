// Large zeroed blocks of memory.
#pragma once
#include <stddef.h>

// Zeroed memory aligned to 64 bytes at least, on huge pages where the system gives them; not touched yet, so the pages
// come with the first write. NULL if there is none.
void *ck_allocate(size_t bytes);
void ck_free(void *memory, size_t bytes);
