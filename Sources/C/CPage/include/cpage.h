#pragma once

#include <stddef.h>

// The files of the page, as they stand in Sources/Serving/Page/Site, inside the executable.

typedef struct {
    /// Where a browser asks for it, from the root of the server: "/", "/assets/app.js".
    const char *path;
    const unsigned char *bytes;
    size_t count;
} cpage_file;

/// All files; their number is stored in `count`.
const cpage_file *cpage_files(size_t *count);
