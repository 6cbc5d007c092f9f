// The layout of the key-value cache and writing into it.
#include "internal.h"
#include <float.h>

float ck_kv_store_int8(const float *x, size_t n, void *out, size_t step) {
    float largest = 0;
    bool is_number = true;
    for (size_t i = 0; i < n; i++) {
        largest = fabsf(x[i]) > largest ? fabsf(x[i]) : largest;
        is_number &= x[i] == x[i];
    }
    largest = ck_clamp(largest, FLT_MAX);  // an infinite scale would make NaNs of zeros
    if (largest < 0x1p-100f) largest = 0;  // the quotient would be infinite
    const float factor = largest > 0 ? 127.0f / largest : 0.0f;
    for (size_t i = 0; i < n; i++) {
        // Adding 1.5 * 2^23 rounds to an integer, ties to even, which is then in the low bits.
        ((int8_t *)out)[i * step] = (int8_t)(uint8_t)ck_bits(ck_clamp(x[i], FLT_MAX) * factor + 0x1.8p23f);
    }
    // Integers cannot say that a number is none, the scale can.
    return is_number ? largest / 127.0f : ck_from_bits(CK_NAN);
}

void ck_kv_layer_init(ck_kv_layer *layer, ck_kv_element element, size_t kv_heads, size_t head_dim) {
    const size_t value_stride = (head_dim + 15) / 16 * 16;
    const size_t scale_bytes = element == CK_KV_INT8 ? 2 * sizeof(float) : 0;
    const size_t head_bytes = CK_KV_PAGE_TOKENS * ((head_dim + value_stride) * ck_kv_bytes(element) + scale_bytes);
    *layer = (ck_kv_layer){.element = element, .kv_heads = kv_heads, .head_dim = head_dim,
                           .value_stride = value_stride, .head_bytes = head_bytes,
                           .page_bytes = kv_heads * head_bytes};
}

void ck_kv_append(const ck_kernels *kernels, const ck_kv_layer *kv, const ck_attention_run *run, size_t kv_head,
                  const float *k, const float *v, size_t stride) {
    const size_t bytes = ck_kv_bytes(kv->element);
    ck_kv_store_kernel *put = kernels->kv_store[kv->element];
    for (size_t token = 0; token < run->tokens; token++) {
        const size_t position = run->start + token, slot = position % CK_KV_PAGE_TOKENS;
        const size_t page = (size_t)run->pages[position / CK_KV_PAGE_TOKENS];
        char *keys = (char *)kv->base + page * kv->page_bytes + kv_head * kv->head_bytes;
        char *values = keys + kv->head_dim * CK_KV_PAGE_TOKENS * bytes;
        const size_t from = token * stride + kv_head * kv->head_dim;
        const float key_scale = put(k + from, kv->head_dim, keys + slot * bytes, CK_KV_PAGE_TOKENS);
        const float value_scale = put(v + from, kv->head_dim, values + slot * kv->value_stride * bytes, 1);
        if (kv->element != CK_KV_INT8) continue;
        float *scales = (float *)(values + CK_KV_PAGE_TOKENS * kv->value_stride);
        scales[slot] = key_scale;
        scales[CK_KV_PAGE_TOKENS + slot] = value_scale;
    }
}
