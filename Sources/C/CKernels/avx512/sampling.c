#if defined(__x86_64__)
#include "../common/sampling.h"
#include "vector.h"

CK_AVX512_BEGIN
CK_SAMPLING(avx512)
CK_AVX512_END
#endif
