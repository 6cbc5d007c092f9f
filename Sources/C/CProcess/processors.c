#define _GNU_SOURCE
#include "cprocess.h"

#include <sched.h>

int cprocess_keep_to_processors(const int *numbers, size_t count) {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    for (size_t i = 0; i < count; i++) {
        if (numbers[i] >= 0 && numbers[i] < CPU_SETSIZE) CPU_SET(numbers[i], &mask);
    }
    return sched_setaffinity(0, sizeof mask, &mask);
}
