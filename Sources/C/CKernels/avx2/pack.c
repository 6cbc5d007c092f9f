// Sixteen rows into one panel: eight columns at a time through an 8 x 8 transposition of 32-bit words. A word is a
// float, or two 16-bit weights of the rows that stand side by side in the panel.
#if defined(__x86_64__)
#include "vector.h"

CK_AVX2_BEGIN

// out + k * step (bytes) = word k of each of the eight rows. Written past the cache: nobody reads a panel soon.
CK_INLINE void transpose(const __m256i rows[8], char *out, size_t step) {
    __m256i a[8], b[8];
    for (int i = 0; i < 8; i += 2) {
        a[i] = _mm256_unpacklo_epi32(rows[i], rows[i + 1]);
        a[i + 1] = _mm256_unpackhi_epi32(rows[i], rows[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
        b[i] = _mm256_unpacklo_epi64(a[i], a[i + 2]);
        b[i + 1] = _mm256_unpackhi_epi64(a[i], a[i + 2]);
        b[i + 2] = _mm256_unpacklo_epi64(a[i + 1], a[i + 3]);
        b[i + 3] = _mm256_unpackhi_epi64(a[i + 1], a[i + 3]);
    }
    for (int i = 0; i < 4; i++) {
        _mm256_stream_si256((__m256i *)(out + (size_t)i * step), _mm256_permute2x128_si256(b[i], b[i + 4], 0x20));
        _mm256_stream_si256((__m256i *)(out + (size_t)(i + 4) * step), _mm256_permute2x128_si256(b[i], b[i + 4], 0x31));
    }
}

// Eight columns of two rows of 16-bit weights as words: row `low` in the low halves.
CK_INLINE __m256i pair(const char *low, const char *high) {
    const __m128i a = _mm_loadu_si128((const __m128i *)low), b = _mm_loadu_si128((const __m128i *)high);
    return _mm256_set_m128i(_mm_unpackhi_epi16(a, b), _mm_unpacklo_epi16(a, b));
}

// Eight words of two columns, the first of which comes into the high half.
CK_INLINE __m256i turned(const char *source) {
    const __m256i words = _mm256_loadu_si256((const __m256i *)source);
    return _mm256_or_si256(_mm256_slli_epi32(words, 16), _mm256_srli_epi32(words, 16));
}

CK_INLINE void pack(const ck_storage storage, const void *source, size_t row_bytes, size_t columns, void *panel) {
    const size_t bytes = ck_source_bytes(storage), step = ck_column_bytes(storage);
    // Columns that stand side by side in eight words of a row.
    const size_t together = storage == CK_BFLOAT16_PAIRS ? 16 : 8;
    size_t k = 0;
    for (; k + together <= columns; k += together) {
        const char *from = (const char *)source + k * bytes;
        char *to = (char *)panel + k * step;
        __m256i rows[8];
        if (storage == CK_FLOAT32 || storage == CK_BFLOAT16_PAIRS) {
            for (size_t part = 0; part < 2; part++) {
                for (size_t i = 0; i < 8; i++) {
                    const char *row = from + (8 * part + i) * row_bytes;
                    rows[i] = storage == CK_FLOAT32 ? _mm256_loadu_si256((const __m256i *)row) : turned(row);
                }
                transpose(rows, to + 32 * part, 64);
            }
            continue;
        }
        for (size_t i = 0; i < 8; i++) {
            rows[i] = storage == CK_BFLOAT16 ? pair(from + i * row_bytes, from + (8 + i) * row_bytes)
                                             : pair(from + 2 * i * row_bytes, from + (2 * i + 1) * row_bytes);
        }
        transpose(rows, to, step);
    }
    for (; k < columns; k++) {
        for (size_t row = 0; row < CK_PANEL_ROWS; row++) {
            memcpy((char *)panel + ck_element(storage, k, row) * bytes,
                   (const char *)source + row * row_bytes + k * bytes, bytes);
        }
    }
    _mm_sfence();
}

void ck_avx2_pack_float32(const void *source, size_t row_bytes, size_t columns, void *panel) {
    pack(CK_FLOAT32, source, row_bytes, columns, panel);
}

void ck_avx2_pack_bfloat16(const void *source, size_t row_bytes, size_t columns, void *panel) {
    pack(CK_BFLOAT16, source, row_bytes, columns, panel);
}

void ck_avx2_pack_float16(const void *source, size_t row_bytes, size_t columns, void *panel) {
    pack(CK_FLOAT16, source, row_bytes, columns, panel);
}

void ck_avx2_pack_pairs(const void *source, size_t row_bytes, size_t columns, void *panel) {
    pack(CK_BFLOAT16_PAIRS, source, row_bytes, columns, panel);
}

CK_AVX2_END
#endif
