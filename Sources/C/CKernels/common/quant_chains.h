// Products by many tokens with kernels that take whole leaves of a sum tree.
#pragma once
#include "quant.h"

// What the groups of a pass are unpacked to takes at most.
enum { CK_QUANT_UNPACKED_BYTES = 2 * 16 * CK_QUANT_WIDE_BYTES };

// What one call works on: a block of tiles.
typedef struct {
    const ck_kernels *kernels;
    const ck_quant_matrix *m;
    const ck_sum_tree *tree;
    const uint8_t *x;
    size_t groups;                // of one token
    size_t tiles, block_tokens;
    size_t first_token;           // the block's first tile's
    const size_t *begin;          // of each tile, counted from there, and of one more
    float *y;
    size_t y_stride, y_partial_stride;
    uint8_t *unpacked;            // CK_QUANT_UNPACKED_BYTES
    float *stack;                 // [depth][block_tokens][CK_QUANT_CHAIN_PANELS][16]
} ck_quant_product;

// Panels panel_begin ..< panel_end by all of it.
void ck_quant_run_chains(const ck_quant_product *b, size_t panel_begin, size_t panel_end);
