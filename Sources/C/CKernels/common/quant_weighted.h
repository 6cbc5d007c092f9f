// Quantisation in which columns do not count alike.
#pragma once
#include "quant.h"

// Goes on from what a ck_quant_group_kernel of CK_Q4 made of columns[32][16], in place. Tried are, besides the scale that
// is there, for each of the divisors of ck_q4_factors, and for that scale, the best scale for the integers that it gives:
// sum of importance w q / sum of importance q q, in half precision. The first of the best wins, so that where no column
// counts nothing changes. importance[32] is finite and not negative.
void ck_quant_weigh_q4(const float *columns, const float *importance, uint16_t *scales, uint8_t *values);
