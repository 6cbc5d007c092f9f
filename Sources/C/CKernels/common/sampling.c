// Candidates and noise, one at a time: the same code in every set.
#include "internal.h"

uint64_t ck_candidate_key(float value, uint32_t index) {
    const uint32_t bits = ck_bits(value + 0.0f);
    const uint32_t rising = bits & 0x80000000 ? ~bits : bits | 0x80000000;
    return (uint64_t)~rising << 32 | index;
}

float ck_candidate_value(uint64_t key) {
    const uint32_t rising = ~(uint32_t)(key >> 32);
    return ck_from_bits(rising & 0x80000000 ? rising ^ 0x80000000 : ~rising);
}

static void swap(uint64_t *a, uint64_t *b) {
    const uint64_t kept = *a;
    *a = *b;
    *b = kept;
}

// Hoare's selection, with the middle of three as the pivot.
float ck_candidates_prune(uint64_t *keys, size_t n, size_t k) {
    size_t begin = 0, end = n;
    while (end - begin > 1) {
        uint64_t *first = keys + begin, *middle = keys + begin + (end - begin) / 2, *last = keys + end - 1;
        if (*middle < *first) swap(middle, first);
        if (*last < *first) swap(last, first);
        if (*last < *middle) swap(last, middle);
        const uint64_t pivot = *middle;
        size_t low = begin, high = end - 1;
        while (low <= high) {
            while (keys[low] < pivot) low++;
            while (keys[high] > pivot) high--;
            if (low > high) break;
            swap(keys + low++, keys + high);
            if (high-- == 0) break;
        }
        // Everything before `low` is at most the pivot, everything from there on at least.
        if (k <= high + 1) {
            end = high + 1;
        } else if (k > low) {
            begin = low;
        } else {
            break;
        }
    }
    return ck_candidate_value(keys[k - 1]);
}

void ck_candidates_sort(uint64_t *keys, size_t n) {
    for (size_t gap = n / 2; gap > 0; gap = gap == 2 ? 1 : gap * 5 / 11) {
        for (size_t i = gap; i < n; i++) {
            const uint64_t key = keys[i];
            size_t place = i;
            for (; place >= gap && keys[place - gap] > key; place -= gap) keys[place] = keys[place - gap];
            keys[place] = key;
        }
    }
}

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

float ck_gumbel_noise(uint64_t key, uint32_t token) {
    const uint64_t bits = mix(key + 0xD1B54A32D192ED03u * ((uint64_t)token + 1));
    const double uniform = ((double)(bits >> 11) + 0.5) * 0x1p-53;
    return (float)-log(-log(uniform));
}

bool ck_draw_is_better(const ck_draw *b, const ck_draw *a) {
    if (b->value != a->value) return b->value > a->value;
    if (isinf(b->value) && b->logit != a->logit) return b->logit > a->logit;
    return b->token < a->token;
}
