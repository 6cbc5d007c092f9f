// Blocks from each rank to each other, one message a pair, all begun at once: they travel while the caller computes.

#pragma once
#include "cmpi.h"

/// Room for the messages of one exchange at a time.
typedef struct cmpi_exchange *cmpi_exchange;

/// For the ranks of `comm`, which must live longer.
cmpi_exchange cmpi_exchange_create(cmpi_comm comm);
/// Not while one is under way.
void cmpi_exchange_free(cmpi_exchange exchange);

/// Begins to send rank r the send_counts[r] bytes at send + send_offsets[r], and to receive receive_counts[r] of its
/// bytes at receive + receive_offsets[r]; blocks without a byte are no message, and a rank's own are not looked at. The
/// buffers must stay as they are until the exchange is done. Collective: every rank begins the same exchanges with the
/// same tag in the same order, and what one sends is what the other expects.
int cmpi_exchange_begin(cmpi_exchange exchange, const void *send, const int *send_counts, const int *send_offsets,
                        void *receive, const int *receive_counts, const int *receive_offsets, int tag);
/// Moves messages on, and says whether all are through.
int cmpi_exchange_test(cmpi_exchange exchange, int *done);
/// Waits until all are.
int cmpi_exchange_wait(cmpi_exchange exchange);

/// On every rank r: hosts[r] is the least rank on rank r's machine. Containers on one machine count as one: whether they
/// see each other's memory, a try tells. Collective.
int cmpi_hosts(cmpi_comm comm, int *hosts);
