// The layout of the key-value cache and writing into it.
#include "internal.h"

static size_t element_bytes(ck_kv_element element) {
    return element == CK_KV_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
}

void ck_kv_layer_init(ck_kv_layer *layer, ck_kv_element element, size_t kv_heads, size_t head_dim) {
    const size_t value_stride = (head_dim + 15) / 16 * 16;
    const size_t head_bytes = CK_KV_PAGE_TOKENS * (head_dim + value_stride) * element_bytes(element);
    *layer = (ck_kv_layer){.element = element, .kv_heads = kv_heads, .head_dim = head_dim,
                           .value_stride = value_stride, .head_bytes = head_bytes,
                           .page_bytes = kv_heads * head_bytes};
}

void ck_kv_append(const ck_kernels *kernels, const ck_kv_layer *kv, const ck_attention_run *run, size_t kv_head,
                  const float *k, const float *v, size_t stride) {
    const size_t bytes = element_bytes(kv->element);
    ck_kv_store_kernel *put = kernels->kv_store[kv->element];
    for (size_t token = 0; token < run->tokens; token++) {
        const size_t position = run->start + token, slot = position % CK_KV_PAGE_TOKENS;
        const size_t page = (size_t)run->pages[position / CK_KV_PAGE_TOKENS];
        char *keys = (char *)kv->base + page * kv->page_bytes + kv_head * kv->head_bytes;
        char *values = keys + kv->head_dim * CK_KV_PAGE_TOKENS * bytes;
        const size_t from = token * stride + kv_head * kv->head_dim;
        put(k + from, kv->head_dim, keys + slot * bytes, CK_KV_PAGE_TOKENS);
        put(v + from, kv->head_dim, values + slot * kv->value_stride * bytes, 1);
    }
}
