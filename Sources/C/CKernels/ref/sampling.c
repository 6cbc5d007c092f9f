#include "../common/sampling.h"
#include "kernels.h"

CK_SAMPLING(ref)
