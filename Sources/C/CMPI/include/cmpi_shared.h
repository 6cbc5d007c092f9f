// Memory that the ranks of one host share, for exchanges that take microseconds: no copy, no system call, no lock.

#pragma once
#include "cmpi.h"

/// One block a rank, which that rank alone writes and all of them read, and a count of rounds.
typedef struct cmpi_shared *cmpi_shared;

/// Blocks of bytes[r] bytes for rank r, zeroed, each on pages of its own. Free them with cmpi_shared_free.
/// NULL when the ranks are not all on one host, when one of them is not `willing` (0), or when the system refuses: on
/// every rank or on none. Nothing of it has a name, so nothing stays behind, however the ranks end.
/// Collective; `bytes` must be the same on all ranks.
cmpi_shared cmpi_share(cmpi_comm comm, const int64_t *bytes, int willing);
void cmpi_shared_free(cmpi_shared shared);
void *cmpi_shared_block(cmpi_shared shared, int rank);

/// Publishes what this rank has written to its block, and waits until every rank has called it as often: then all that
/// they wrote before can be read. Pauses for some microseconds, then yields, then dozes. Collective.
void cmpi_shared_complete(cmpi_shared shared);
