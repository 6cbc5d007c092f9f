#include "../common/internal.h"
#include "../include/ck_wire.h"

#if defined(__x86_64__)
void ck_wire_avx2_pack_bfloat16(float *x, size_t count, void *out);
void ck_wire_avx2_unpack_bfloat16(const void *in, size_t count, float *x);
void ck_wire_avx2_pack_int8(float *x, size_t count, void *out);
void ck_wire_avx2_unpack_int8(const void *in, size_t count, float *x);
#define CK_CHOSEN(name) (ckernels_active() == &ck_ref_kernels ? ck_wire_plain_##name : ck_wire_avx2_##name)
#else
#define CK_CHOSEN(name) ck_wire_plain_##name
#endif

void ck_wire_pack_bfloat16(float *x, size_t count, void *out) { CK_CHOSEN(pack_bfloat16)(x, count, out); }
void ck_wire_unpack_bfloat16(const void *in, size_t count, float *x) { CK_CHOSEN(unpack_bfloat16)(in, count, x); }
void ck_wire_pack_int8(float *x, size_t count, void *out) { CK_CHOSEN(pack_int8)(x, count, out); }
void ck_wire_unpack_int8(const void *in, size_t count, float *x) { CK_CHOSEN(unpack_int8)(in, count, x); }
