// The operations of ck_wire.h, written so that the compiler makes vectors of them; CK_WIRE names them.
#include "../common/internal.h"
#include "../include/ck_wire.h"

void CK_WIRE(pack_bfloat16)(float *restrict x, size_t count, void *restrict out) {
    char *restrict place = out;
    for (size_t i = 0; i < count; i++) {
        x[i] = ck_round_bfloat16(x[i]);
        const uint16_t half = (uint16_t)(ck_bits(x[i]) >> 16);
        memcpy(place + 2 * i, &half, sizeof half);
    }
}

void CK_WIRE(unpack_bfloat16)(const void *restrict in, size_t count, float *restrict x) {
    const char *restrict place = in;
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        memcpy(&half, place + 2 * i, sizeof half);
        x[i] = ck_from_bits((uint32_t)half << 16);
    }
}

// The scale of a group as the bits of a bfloat16: of the largest magnitude / 127, rounded up, so that none is beyond it.
CK_INLINE uint16_t CK_WIRE(scale)(const float *x, size_t count) {
    int32_t largest = 0;  // magnitudes are in the order of their bits, NaN above all
    for (size_t i = 0; i < count; i++) {
        const int32_t magnitude = (int32_t)(ck_bits(x[i]) & 0x7fffffff);
        largest = magnitude > largest ? magnitude : largest;
    }
    if (largest >= 0x7f800000) return CK_NAN >> 16;
    const uint32_t up = ck_bits(ck_from_bits((uint32_t)largest) * (1.0f / 127.0f)) + 0xffff;
    return up < 0x00800000 ? 0 : (uint16_t)(up >> 16);
}

CK_INLINE void CK_WIRE(pack_group)(float *restrict x, size_t count, char *restrict out) {
    const uint16_t half = CK_WIRE(scale)(x, count);
    const float scale = ck_from_bits((uint32_t)half << 16);
    memcpy(out, &half, sizeof half);
    const int isNumber = half != (CK_NAN >> 16);
    const float inverse = half && isNumber ? 1.0f / scale : 0;
    for (size_t i = 0; i < count; i++) {
        // Adding 1.5 * 2^23 rounds to an integer, to nearest, ties to even, in the low bits.
        const float product = isNumber ? x[i] * inverse : 0;
        const int32_t q = (int32_t)ck_bits(product + 0x1.8p23f) - 0x4b400000;
        x[i] = (float)q * scale;
        out[2 + i] = (char)q;
    }
}

void CK_WIRE(pack_int8)(float *restrict x, size_t count, void *restrict out) {
    char *restrict place = out;
    size_t i = 0;
    for (; i + CK_WIRE_GROUP <= count; i += CK_WIRE_GROUP, place += 2 + CK_WIRE_GROUP) {
        CK_WIRE(pack_group)(x + i, CK_WIRE_GROUP, place);
    }
    if (i < count) CK_WIRE(pack_group)(x + i, count - i, place);
}

CK_INLINE void CK_WIRE(unpack_group)(const char *restrict in, size_t count, float *restrict x) {
    uint16_t half;
    memcpy(&half, in, sizeof half);
    const float scale = ck_from_bits((uint32_t)half << 16);
    for (size_t i = 0; i < count; i++) x[i] = (float)(signed char)in[2 + i] * scale;
}

void CK_WIRE(unpack_int8)(const void *restrict in, size_t count, float *restrict x) {
    const char *restrict place = in;
    size_t i = 0;
    for (; i + CK_WIRE_GROUP <= count; i += CK_WIRE_GROUP, place += 2 + CK_WIRE_GROUP) {
        CK_WIRE(unpack_group)(place, CK_WIRE_GROUP, x + i);
    }
    if (i < count) CK_WIRE(unpack_group)(place, count - i, x + i);
}
