// Numbers as they travel between hosts, in fewer bytes than float32.
//
// Packing also rounds: what the sender keeps is what the others will read. The plain and the wide version are one source
// compiled twice and give the same bits. No pointer needs any alignment.
#pragma once
#include <stddef.h>

enum { CK_WIRE_GROUP = 32 };  // numbers that share a scale

// Two bytes a number: the nearest bfloat16, ties to even; denormals become zeros, a NaN a quiet one.
void ck_wire_pack_bfloat16(float *x, size_t count, void *out);
void ck_wire_unpack_bfloat16(const void *in, size_t count, float *x);

// Groups of 32, the last of which may be shorter: a bfloat16 scale, then a byte each, of which 127 stands for the largest
// magnitude or a little more. A group that holds an infinity or a NaN becomes NaN as a whole; numbers below 2^-119 or so
// become zeros.
void ck_wire_pack_int8(float *x, size_t count, void *out);
void ck_wire_unpack_int8(const void *in, size_t count, float *x);

// The plain versions by themselves, for tests.
void ck_wire_plain_pack_bfloat16(float *x, size_t count, void *out);
void ck_wire_plain_unpack_bfloat16(const void *in, size_t count, float *x);
void ck_wire_plain_pack_int8(float *x, size_t count, void *out);
void ck_wire_plain_unpack_int8(const void *in, size_t count, float *x);
