// The operations that each instruction set has its own code for, and the choice between the sets.
#pragma once
#include "ck_attention.h"
#include "ck_matrix.h"
#include "ck_probe.h"
#include "ck_quant.h"
#include "ck_rows.h"
#include "ck_sampling.h"

// What is not called _Nullable is there in every set: ckernels_hole looks, so that callers need not.
#pragma clang assume_nonnull begin

// Packs 16 full rows (row_bytes apart) of `columns` elements into one panel.
typedef void ck_pack_kernel(const void *source, size_t row_bytes, size_t columns, void *panel);

typedef struct ck_kernels {
    const char *name;
    size_t tile_tokens;  // most tokens of a register tile
    size_t tile_panels;  // panels that such a tile takes together
    ck_tile_kernel *_Nonnull matmul_tile[CK_STORAGES];
    ck_widen_kernel *_Nullable widen[CK_STORAGES];  // NULL but for CK_BFLOAT16 and CK_FLOAT16
    ck_pack_kernel *_Nonnull pack[CK_STORAGES];
    size_t pair_columns;  // columns of a word of x by CK_BFLOAT16_PAIRS: 2, or 1 where words are floats
    ck_round_kernel *round_x;
    ck_gather_kernel *_Nonnull gather[CK_SOURCES];
    ck_quant_group_kernel *_Nonnull quant_group[CK_QUANTS];
    ck_quant_x_kernel *quant_x;
    ck_quant_tile_kernel *_Nonnull quant_tile[CK_QUANTS];
    ck_quant_widen_kernel *_Nullable quant_widen[CK_QUANTS];  // NULL where it gains nothing
    ck_quant_wide_kernel *_Nullable quant_wide[CK_QUANTS];    // NULL where quant_widen is
    ck_quant_widen_kernel *_Nullable quant_unpack[CK_QUANTS];  // to [groups][panels], for quant_chains
    ck_quant_chains_kernel *_Nullable quant_chains;            // instead of quant_wide; NULL where quant_unpack is
    ck_rms_norm_kernel *rms_norm;
    ck_swiglu_kernel *swiglu;
    ck_exp_kernel *exp;
    ck_argmax_kernel *argmax;
    ck_scan_kernel *scan;
    ck_select_kernel *select;
    ck_draw_kernel *draw;
    ck_sum_weights_kernel *sum_weights;
    ck_kv_tile_kernel *_Nonnull kv_tile[CK_KV_ELEMENTS];
    ck_kv_store_kernel *_Nonnull kv_store[CK_KV_ELEMENTS];
    ck_kv_quant_x_kernel *kv_quant_x;                     // for CK_KV_INT8
    ck_widen_kernel *_Nullable kv_widen[CK_KV_ELEMENTS];  // NULL but for CK_KV_FLOAT16
    ck_softmax_page_kernel *softmax_page;
    ck_merge_span_kernel *merge_span;
    ck_probe_read_kernel *probe_read;
    ck_probe_fma_kernel *probe_fma;
    ck_probe_dot_kernel *probe_dot;
    ck_probe_fma_kernel *_Nullable probe_bfloat16;  // NULL where products of bfloat16 are multiply-adds of floats
} ck_kernels;

// The kernels of this machine: the fastest set that the processor has, or the one that FLOTILLA_ISA names. Chosen once.
// avx512bf16 is passed over where its dot products are slower than the multiply-adds of avx512, which give the same
// bits. A name that is unknown or impossible here counts as none: programs refuse it before.
const ck_kernels *ckernels_active(void);

// "ref", "avx2", "avxvnni", "avx512" or "avx512bf16"; NULL if this processor cannot run that set.
const ck_kernels *_Nullable ckernels_named(const char *name);

// The names of all sets, the slowest first; NULL from `index` on.
const char *_Nullable ckernels_name(size_t index);

// The name of the first operation that the set has no code for; NULL if it is whole.
const char *_Nullable ckernels_hole(const ck_kernels *set);

// The name of ckernels_active().
const char *ckernels_isa_name(void);

#pragma clang assume_nonnull end
