// Sixteen rows into one panel.
#include "kernels.h"

CK_INLINE void pack(ck_storage storage, const void *source, size_t row_bytes, size_t columns, void *panel) {
    const size_t bytes = ck_source_bytes(storage);
    for (size_t k = 0; k < columns; k++) {
        for (size_t row = 0; row < CK_PANEL_ROWS; row++) {
            memcpy((char *)panel + ck_element(storage, k, row) * bytes,
                   (const char *)source + row * row_bytes + k * bytes, bytes);
        }
    }
}

void ck_ref_pack_float32(const void *source, size_t row_bytes, size_t columns, void *panel) {
    pack(CK_FLOAT32, source, row_bytes, columns, panel);
}

void ck_ref_pack_bfloat16(const void *source, size_t row_bytes, size_t columns, void *panel) {
    pack(CK_BFLOAT16, source, row_bytes, columns, panel);
}

void ck_ref_pack_float16(const void *source, size_t row_bytes, size_t columns, void *panel) {
    pack(CK_FLOAT16, source, row_bytes, columns, panel);
}

void ck_ref_pack_pairs(const void *source, size_t row_bytes, size_t columns, void *panel) {
    pack(CK_BFLOAT16_PAIRS, source, row_bytes, columns, panel);
}

void ck_ref_round_x(const float *x, size_t columns, float *out) {
    for (size_t k = 0; k < columns; k++) out[k] = ck_round_bfloat16(x[k]);
}
