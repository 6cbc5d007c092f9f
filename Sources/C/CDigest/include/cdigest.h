#pragma once
#include <stddef.h>
#include <stdint.h>

/// SHA-256 over `blocks` whole blocks of 64 bytes, updating `state`.
void cdigest_sha256_blocks(uint32_t state[8], const uint8_t *data, size_t blocks);
