// A message from one rank to all others along a tree, one after the other; those who wait for one may sleep meanwhile.

#pragma once
#include "cmpi.h"

/// A rank's place in the tree, and room for the messages to those below it.
typedef struct cmpi_broadcast *cmpi_broadcast;

/// Messages come from `parent`, -1 at the root, and go to `children`. `comm` must live longer, and nothing else has `tag`.
cmpi_broadcast cmpi_broadcast_create(cmpi_comm comm, int parent, const int *children, int count, int tag);
void cmpi_broadcast_free(cmpi_broadcast broadcast);

/// Sends to all children at once, and returns when the bytes may change.
int cmpi_broadcast_send(cmpi_broadcast broadcast, const void *bytes, int64_t count);
/// Begins to receive the next message, which must stay where it is until it has come.
int cmpi_broadcast_receive(cmpi_broadcast broadcast, void *bytes, int64_t capacity);
/// Whether it has come, and how many bytes long; moves other messages on as well.
int cmpi_broadcast_test(cmpi_broadcast broadcast, int *done, int64_t *count);
