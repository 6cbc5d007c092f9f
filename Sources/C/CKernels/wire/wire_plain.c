#define CK_WIRE(name) ck_wire_plain_##name
#include "wire_rows.h"
