// The steps of attention over one page.
#include "exp.h"
#include "kernels.h"

CK_INLINE float number(const ck_kv_element format, const void *w, size_t element) {
    return format == CK_KV_FLOAT32 ? ((const float *)w)[element] : ck_half_to_float(((const uint16_t *)w)[element]);
}

CK_INLINE void tile(const ck_kv_element format, const void *w, size_t w_stride, size_t lanes, size_t n, const float *x,
                    size_t x_stride, size_t width, float *acc, size_t acc_stride) {
    for (size_t t = 0; t < width; t++) {
        for (size_t lane = 0; lane < lanes; lane++) {
            float sum = acc[t * acc_stride + lane];
            for (size_t i = 0; i < n; i++) {
                sum = fmaf(number(format, w, i * w_stride + lane), x[t * x_stride + i], sum);
            }
            acc[t * acc_stride + lane] = sum;
        }
    }
}

void ck_ref_kv_tile_float32(const void *w, size_t w_stride, size_t lanes, size_t n, const void *next, const float *x,
                            size_t x_stride, size_t width, float *acc, size_t acc_stride) {
    (void)next;
    tile(CK_KV_FLOAT32, w, w_stride, lanes, n, x, x_stride, width, acc, acc_stride);
}

void ck_ref_kv_tile_float16(const void *w, size_t w_stride, size_t lanes, size_t n, const void *next, const float *x,
                            size_t x_stride, size_t width, float *acc, size_t acc_stride) {
    (void)next;
    tile(CK_KV_FLOAT16, w, w_stride, lanes, n, x, x_stride, width, acc, acc_stride);
}

float ck_ref_kv_store_float32(const float *x, size_t n, void *out, size_t step) {
    for (size_t i = 0; i < n; i++) ((float *)out)[i * step] = x[i];
    return 1;
}

float ck_ref_kv_store_float16(const float *x, size_t n, void *out, size_t step) {
    for (size_t i = 0; i < n; i++) ((uint16_t *)out)[i * step] = ck_float_to_half(ck_clamp(x[i], CK_LARGEST_HALF));
    return 1;
}

void ck_ref_softmax_page(float *scores, const float *scales, size_t valid, float scale, float *state, size_t n) {
    float *m = state + n, *l = m + 1, largest = *m;
    for (size_t t = 0; t < valid; t++) {
        if (scales) scores[t] = scores[t] * scales[t];
        scores[t] = scores[t] * scale;
        largest = scores[t] > largest ? scores[t] : largest;
    }
    const float factor = ck_ref_exp(*m - largest);
    float lanes[8] = {0};
    for (size_t t = 0; t < CK_KV_PAGE_TOKENS; t++) {
        scores[t] = t < valid ? ck_ref_exp(scores[t] - largest) : 0.0f;
        lanes[t % 8] = lanes[t % 8] + scores[t];
        if (scales) scores[t] = scores[t] * scales[CK_KV_PAGE_TOKENS + t];
    }
    *l = fmaf(*l, factor, ck_ref_sum8(lanes));
    *m = largest;
    for (size_t i = 0; i < n; i++) state[i] = state[i] * factor;
}

void ck_ref_merge_span(float *total, const float *span, size_t n) {
    const float m = total[n] > span[n] ? total[n] : span[n];
    const float a = ck_ref_exp(total[n] - m), b = ck_ref_exp(span[n] - m);
    for (size_t i = 0; i < n; i++) total[i] = fmaf(span[i], b, total[i] * a);
    total[n] = m;
    total[n + 1] = fmaf(span[n + 1], b, total[n + 1] * a);
}
