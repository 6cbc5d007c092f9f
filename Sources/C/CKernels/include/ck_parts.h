// A range of units, of which each thread has a part, so that it reads one stretch of memory from its beginning on.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct ck_parts ck_parts;

// For `threads` >= 1 threads; NULL if there is no memory.
ck_parts *ck_parts_create(size_t threads);
void ck_parts_destroy(ck_parts *parts);

// Where part number `part` of 0 ..< count begins, a multiple of `grain`; part `threads` begins at the end.
size_t ck_parts_begin(size_t count, size_t grain, size_t threads, size_t part);

// Deals 0 ..< count anew. Nobody may take pieces meanwhile, and others must come to know of it in an orderly way.
// `most`: units of a piece at most, whole grains of them and at least one.
void ck_parts_deal(ck_parts *parts, size_t count, size_t grain, size_t most);

// Takes the next piece of the thread's own part, half of what is left of it; when nothing is left, of another's. False
// when all is taken. Pieces begin at multiples of the grain.
bool ck_parts_take(ck_parts *parts, size_t thread, size_t *begin, size_t *end);
