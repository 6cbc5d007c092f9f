#if defined(__x86_64__)
#include "quant_two.h"

CK_AVX512_BEGIN

void ck_avx512_quant_tile_q4(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, ptrdiff_t jump,
                             const uint8_t *x, size_t width, float *acc, bool fresh) {
    const size_t two = ck_quant_two(CK_Q4, w, panel_bytes, panels, groups, jump, x, width, acc, fresh);
    ck_quant_panels(CK_Q4, w + two * panel_bytes, panel_bytes, panels - two, groups, jump, x, width,
                    acc + two * width * CK_PANEL_ROWS, fresh);
}

CK_AVX512_END
#endif
