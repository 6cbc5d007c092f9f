// Shared by the folders: number formats and the tables of each instruction set.
#pragma once
#include "../include/ckernels.h"
#include <math.h>
#include <string.h>

#define CK_INLINE static inline __attribute__((always_inline))

extern const ck_kernels ck_ref_kernels;
#if defined(__x86_64__)
extern const ck_kernels ck_avx2_kernels, ck_avxvnni_kernels, ck_avx512_kernels, ck_avx512bf16_kernels;
#endif

// What kernels give for any NaN where it must be the same in every set: which NaN an operation gives depends on the order
// of its operands.
#define CK_NAN 0x7fc00000u

CK_INLINE float ck_from_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

CK_INLINE uint32_t ck_bits(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

// IEEE half precision to float, exact; a signalling NaN becomes quiet, as the F16C instruction does.
CK_INLINE float ck_half_to_float(uint16_t half) {
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = (half >> 10) & 31, mantissa = half & 0x3ff;
    if (exponent == 0) return ck_from_bits(sign | ck_bits((float)mantissa * 0x1p-24f));
    if (exponent == 31) return ck_from_bits(sign | 0x7f800000 | (mantissa ? 0x400000 | mantissa << 13 : 0));
    return ck_from_bits(sign | (exponent + 112) << 23 | mantissa << 13);
}

// The largest finite half, and a number kept within +-limit; a NaN stays one.
#define CK_LARGEST_HALF 65504.0f
CK_INLINE float ck_clamp(float value, float limit) { return value > limit ? limit : value < -limit ? -limit : value; }

// Float to half precision, to nearest, ties to even; as the F16C instruction does.
CK_INLINE uint16_t ck_float_to_half(float value) {
    const uint32_t bits = ck_bits(value), sign = (bits >> 16) & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
    if (magnitude < 0x38800000) {
        // Subnormal: adding 1/2 lets the float addition round at 2^-24, the step of subnormal halves.
        return (uint16_t)(sign | (ck_bits(ck_from_bits(magnitude) + 0.5f) - ck_bits(0.5f)));
    }
    const uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
    return (uint16_t)(sign | ((rounded >> 13) - (112 << 10)));
}

// The nearest bfloat16 as a float, ties to even; denormals become zeros, a NaN a quiet one: as vcvtneps2bf16 does.
CK_INLINE float ck_round_bfloat16(float value) {
    const uint32_t bits = ck_bits(value), magnitude = bits & 0x7fffffff;
    const uint32_t nearest = bits + 0x7fff + ((bits >> 16) & 1);
    const uint32_t rounded = magnitude > 0x7f800000 ? bits | 0x400000 : magnitude < 0x800000 ? bits & 0x80000000 : nearest;
    return ck_from_bits(rounded & 0xffff0000);
}

// Bytes of one column of a panel; of CK_BFLOAT16_PAIRS half of what a pair takes.
CK_INLINE size_t ck_column_bytes(ck_storage storage) {
    return (storage == CK_FLOAT32 ? sizeof(float) : sizeof(uint16_t)) * CK_PANEL_ROWS;
}

// Bytes of one weight in a row-major source.
CK_INLINE size_t ck_source_bytes(ck_storage storage) {
    return storage == CK_FLOAT32 ? sizeof(float) : sizeof(uint16_t);
}

// Bytes of one number of a source, and number i of one, widened.
CK_INLINE size_t ck_number_bytes(ck_source type) { return type == CK_FROM_FLOAT32 ? sizeof(float) : sizeof(uint16_t); }
CK_INLINE float ck_widen(ck_source type, const char *source, size_t i) {
    if (type == CK_FROM_FLOAT32) {
        float value;
        memcpy(&value, source + i * sizeof value, sizeof value);
        return value;
    }
    uint16_t bits;
    memcpy(&bits, source + i * sizeof bits, sizeof bits);
    return type == CK_FROM_BFLOAT16 ? ck_from_bits((uint32_t)bits << 16) : ck_half_to_float(bits);
}

// Columns of a word of x in products by this storage.
CK_INLINE size_t ck_word_columns(const ck_kernels *kernels, ck_storage storage) {
    return storage == CK_BFLOAT16_PAIRS ? kernels->pair_columns : 1;
}

CK_INLINE char *ck_panel(const ck_matrix *w, size_t panel) { return (char *)w->panels + panel * w->panel_bytes; }

// Where row `lane` of column k of a panel is stored, counted in elements.
CK_INLINE size_t ck_element(ck_storage storage, size_t k, size_t lane) {
    if (storage == CK_BFLOAT16_PAIRS) return 2 * (k / 2 * CK_PANEL_ROWS + lane) + (k + 1) % 2;
    const size_t place = storage == CK_BFLOAT16 ? 2 * (lane % 8) + lane / 8 : lane;
    return k * CK_PANEL_ROWS + place;
}

// Weight (k, lane) of a panel as a float.
CK_INLINE float ck_weight(ck_storage storage, const char *panel, size_t k, size_t lane) {
    const size_t element = ck_element(storage, k, lane);
    if (storage == CK_FLOAT32) return ((const float *)panel)[element];
    const uint16_t bits = ((const uint16_t *)panel)[element];
    return storage == CK_FLOAT16 ? ck_half_to_float(bits) : ck_from_bits((uint32_t)bits << 16);
}

// Bytes of one number of the key-value cache.
CK_INLINE size_t ck_kv_bytes(ck_kv_element element) {
    return element == CK_KV_FLOAT32 ? sizeof(float) : element == CK_KV_FLOAT16 ? sizeof(uint16_t) : sizeof(int8_t);
}

// Numbers that are summed and lie side by side in a lane of the cache.
CK_INLINE size_t ck_kv_beside(ck_kv_element element) { return element == CK_KV_INT8 ? 4 : 1; }

// Waits a little: about 50 us of pauses, then the processor is offered to others, after some milliseconds it dozes.
void ck_relax(size_t round);

ck_kv_store_kernel ck_kv_store_int8;  // of every set
