// The operations that each instruction set has its own code for, and the choice between the sets.
#pragma once
#include "ck_attention.h"
#include "ck_matrix.h"
#include "ck_probe.h"
#include "ck_quant.h"
#include "ck_rows.h"

// Packs 16 full rows (row_bytes apart) of `columns` elements into one panel.
typedef void ck_pack_kernel(const void *source, size_t row_bytes, size_t columns, void *panel);

typedef struct ck_kernels {
    const char *name;
    size_t tile_tokens;  // most tokens of a register tile
    size_t tile_panels;  // panels that such a tile takes together
    ck_tile_kernel *matmul_tile[CK_STORAGES];
    ck_widen_kernel *widen[CK_STORAGES];  // NULL but for CK_BFLOAT16 and CK_FLOAT16
    ck_pack_kernel *pack[CK_STORAGES];
    size_t pair_columns;  // columns of a word of x by CK_BFLOAT16_PAIRS: 2, or 1 where words are floats
    ck_round_kernel *round_x;
    ck_gather_kernel *gather[CK_SOURCES];
    ck_quant_group_kernel *quant_group[CK_QUANTS];
    ck_quant_x_kernel *quant_x;
    ck_quant_tile_kernel *quant_tile[CK_QUANTS];
    ck_rms_norm_kernel *rms_norm;
    ck_swiglu_kernel *swiglu;
    ck_exp_kernel *exp;
    ck_sum_exp_kernel *sum_exp;
    ck_argmax_kernel *argmax;
    ck_kv_tile_kernel *kv_tile[CK_KV_ELEMENTS];
    ck_kv_store_kernel *kv_store[CK_KV_ELEMENTS];
    ck_widen_kernel *kv_widen[CK_KV_ELEMENTS];  // NULL for CK_KV_FLOAT32
    ck_softmax_page_kernel *softmax_page;
    ck_merge_span_kernel *merge_span;
    ck_probe_read_kernel *probe_read;
    ck_probe_fma_kernel *probe_fma;
    ck_probe_dot_kernel *probe_dot;
    ck_probe_fma_kernel *probe_bfloat16;  // NULL where products of bfloat16 are multiply-adds of floats
} ck_kernels;

// The kernels of this machine: the fastest set that the processor has, or what FLOTILLA_ISA=ref|avx2|avx512|avx512bf16
// asks for (an unknown or impossible name is ignored). Chosen once. avx512bf16 is passed over where its dot products are
// slower than the multiply-adds of avx512, which give the same bits.
const ck_kernels *ckernels_active(void);

// "ref", "avx2", "avx512" or "avx512bf16"; NULL if this processor cannot run that set.
const ck_kernels *ckernels_named(const char *name);

// The name of ckernels_active().
const char *ckernels_isa_name(void);
