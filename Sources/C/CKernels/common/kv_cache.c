// The layout of the key-value cache and writing into it.
#include "internal.h"
#include <float.h>

// By what numbers are multiplied before they become integers.
typedef struct {
    float scale, factor;
} int8_scale;

static int8_scale int8_scale_of(const float *x, size_t n) {
    float largest = 0;
    bool is_number = true;
    for (size_t i = 0; i < n; i++) {
        largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
        is_number &= x[i] == x[i];
    }
    largest = ck_clamp(largest, FLT_MAX);  // an infinite scale would make NaNs of zeros
    if (largest < 0x1p-100f) largest = 0;  // the quotient would be infinite
    // Integers cannot say that a number is none, the scale can.
    return (int8_scale){is_number ? largest / 127.0f : ck_from_bits(CK_NAN), largest > 0 ? 127.0f / largest : 0.0f};
}

// Adding 1.5 * 2^23 rounds to an integer, ties to even, which is then in the low bits; 128 more have no sign.
static uint8_t int8_of(float x, float factor) {
    return (uint8_t)(ck_bits(ck_clamp(x, FLT_MAX) * factor + 0x1.8p23f) + 128);
}

float ck_kv_store_int8(const float *x, size_t n, void *out, size_t step) {
    const int8_scale scale = int8_scale_of(x, n);
    for (size_t i = 0; i < n; i++) ((uint8_t *)out)[i * step] = int8_of(x[i], scale.factor);
    return scale.scale;
}

// A key of CK_KV_INT8: four numbers side by side.
static float put_int8_key(const float *k, size_t n, void *out) {
    const int8_scale scale = int8_scale_of(k, n);
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)out)[i / 4 * 4 * CK_KV_PAGE_TOKENS + i % 4] = int8_of(k[i], scale.factor);
    }
    return scale.scale;
}

void ck_kv_layer_init(ck_kv_layer *layer, ck_kv_element element, size_t kv_heads, size_t head_dim) {
    const size_t value_stride = (head_dim + 15) / 16 * 16, beside = ck_kv_beside(element);
    const size_t scale_bytes = element == CK_KV_INT8 ? 2 * sizeof(float) : 0;
    const size_t key_bytes = (head_dim + beside - 1) / beside * beside * ck_kv_bytes(element);
    const size_t token_bytes = key_bytes + value_stride * ck_kv_bytes(element) + scale_bytes;
    *layer = (ck_kv_layer){.element = element, .kv_heads = kv_heads, .head_dim = head_dim,
                           .value_stride = value_stride, .value_offset = CK_KV_PAGE_TOKENS * key_bytes,
                           .head_bytes = CK_KV_PAGE_TOKENS * token_bytes,
                           .page_bytes = kv_heads * CK_KV_PAGE_TOKENS * token_bytes};
}

void ck_kv_append(const ck_kernels *kernels, const ck_kv_layer *kv, const ck_attention_run *run, size_t kv_head,
                  const float *k, const float *v, size_t stride) {
    const size_t bytes = ck_kv_bytes(kv->element), beside = ck_kv_beside(kv->element);
    ck_kv_store_kernel *put = kernels->kv_store[kv->element];
    for (size_t token = 0; token < run->tokens; token++) {
        const size_t position = run->start + token, slot = position % CK_KV_PAGE_TOKENS;
        const size_t page = (size_t)run->pages[position / CK_KV_PAGE_TOKENS];
        char *keys = (char *)kv->base + page * kv->page_bytes + kv_head * kv->head_bytes;
        char *values = keys + kv->value_offset;
        char *key = keys + slot * beside * bytes;
        char *value = values + (slot / beside * beside * kv->value_stride + slot % beside) * bytes;
        const size_t from = token * stride + kv_head * kv->head_dim;
        if (kv->element != CK_KV_INT8) {
            put(k + from, kv->head_dim, key, CK_KV_PAGE_TOKENS);
            put(v + from, kv->head_dim, value, 1);
            continue;
        }
        float *scales = (float *)(values + CK_KV_PAGE_TOKENS * kv->value_stride);
        scales[slot] = put_int8_key(k + from, kv->head_dim, key);
        scales[CK_KV_PAGE_TOKENS + slot] = put(v + from, kv->head_dim, value, beside);
    }
}
