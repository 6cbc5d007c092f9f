#if defined(__x86_64__)
#include "../common/sampling.h"
#include "vector.h"

CK_AVX2_BEGIN
CK_SAMPLING(avx2)
CK_AVX2_END
#endif
