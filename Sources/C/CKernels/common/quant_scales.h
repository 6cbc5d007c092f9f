// The scales that are tried for a group of q4, as 1 / divisor of the value of largest magnitude: -8 is the usual choice,
// the first, and wins ties. A negative divisor maps that value to the negative end of -8 ... 7, a positive one to the
// other; divisors beyond the end cut it off in favour of the rest.
#pragma once

static const float ck_q4_factors[] = {
    -1 / 8.0f, -1 / 8.5f, -1 / 8.25f, -1 / 7.75f, -1 / 7.5f, -1 / 7.25f, -1 / 7.0f, -1 / 6.5f,
    1 / 7.75f, 1 / 7.5f,  1 / 7.25f,  1 / 7.0f,   1 / 6.75f, 1 / 6.5f,   1 / 6.0f,  1 / 5.5f,
};
enum { ck_q4_tries = sizeof ck_q4_factors / sizeof *ck_q4_factors };
