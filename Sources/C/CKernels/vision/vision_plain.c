#define CK_VISION(name) ck_vision_plain_##name
#include "vision_rows.h"
