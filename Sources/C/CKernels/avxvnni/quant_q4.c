#if defined(__x86_64__)
#include "quant_tile.h"

CK_AVXVNNI_BEGIN

void ck_avxvnni_quant_tile_q4(const uint8_t *w, size_t panel_bytes, size_t panels, size_t groups, ptrdiff_t jump,
                              const uint8_t *x, size_t width, float *acc, bool fresh) {
    ck_quant_panels(CK_Q4, w, panel_bytes, panels, groups, jump, x, width, acc, fresh);
}

CK_AVXVNNI_END
#endif
