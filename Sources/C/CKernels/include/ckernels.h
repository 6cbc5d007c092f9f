// Decoder kernels: plain C is the definition (ref/), each instruction set has a folder with the same operations.
//
// The contract of every operation: an output element is computed by one fixed sequence of IEEE-754 float operations,
// whatever the number of tokens beside it, the tiling, the threads and the instruction set. Built with
// -ffp-contract=off; every fused multiply-add is written as such.
#pragma once
#include "ck_attention.h"
#include "ck_helpers.h"
#include "ck_kernels.h"
#include "ck_matrix.h"
#include "ck_memory.h"
#include "ck_parts.h"
#include "ck_probe.h"
#include "ck_quant.h"
#include "ck_rows.h"
#include "ck_sampling.h"
#include "ck_thread_pool.h"
#include "ck_vision.h"
#include "ck_wire.h"
