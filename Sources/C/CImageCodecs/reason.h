// Shared by the codecs: how a reason is written.
#pragma once
#include <stdio.h>

#include "cimagecodecs.h"

#define IMAGE_TRUNCATED "the data ends before the image does"

static inline void image_say(char *reason, const char *text) { snprintf(reason, IMAGE_REASON_BYTES, "%s", text); }

/// A header that promises more than its file can hold is refused before anything is allocated for it.
static inline void image_say_implausible(char *reason, uint32_t width, uint32_t height, size_t count) {
    snprintf(
        reason, IMAGE_REASON_BYTES, "its header says %u×%u pixels, which %zu bytes cannot hold", width, height, count);
}
