// Everything the Swift side may ask of MPI.
//
// Swift cannot import the macros of mpi.h (MPI_COMM_WORLD, MPI_FLOAT), and the types behind them differ between
// Open MPI and MPICH. Only this target's sources include mpi.h; nothing of it shows here.
// Every int result is MPI_SUCCESS (0) or an MPI error code for cmpi_error_text. Counts are checked against INT_MAX
// by the caller unless a comment says otherwise. What needs memory of its own is in cmpi_broadcast.h, cmpi_exchange.h and
// cmpi_shared.h.

#pragma once
#include <stdint.h>

/// An owned communicator. Free it with cmpi_comm_free, before cmpi_finalize.
typedef struct cmpi_comm *cmpi_comm;
/// A pending send or receive; NULL when there is none.
typedef struct cmpi_request *cmpi_request;

/// Initialises MPI at MPI_THREAD_FUNNELED and makes errors return. Fails if the library grants less.
int cmpi_init_funneled(void);
int cmpi_finalize(void);
/// Ends the whole job, every rank of it, with this exit code.
void cmpi_abort(int code);
void cmpi_error_text(int status, char *text, int capacity);

/// MPI_COMM_WORLD itself, for messages before the ranks have met: a duplicate takes messages between all of them.
cmpi_comm cmpi_world(void);
/// A duplicate of MPI_COMM_WORLD, so that our messages cannot meet anybody else's.
cmpi_comm cmpi_dup_world(void);
/// The communicator of those that give the same colour, in the order of their ranks. Collective.
cmpi_comm cmpi_split(cmpi_comm comm, int colour);
void cmpi_comm_free(cmpi_comm comm);
int cmpi_rank(cmpi_comm comm);
int cmpi_size(cmpi_comm comm);

/// On rank 0: counts[r] bytes of rank r at all + offsets[r]. Collective.
int cmpi_gatherv_bytes(const void *mine, int count, void *all, const int *counts, const int *offsets, cmpi_comm comm);
/// On every rank: `count` bytes of rank r at all + r·count. Collective.
int cmpi_allgather_bytes(const void *mine, int count, void *all, cmpi_comm comm);
/// On every rank: the sum of all ranks' `count` floats, in MPI's own order of additions. For measuring only. Collective.
int cmpi_allreduce_f32(const float *mine, float *sum, int count, cmpi_comm comm);

int cmpi_send(const void *bytes, int64_t count, int to, int tag, cmpi_comm comm);
int cmpi_receive(void *bytes, int64_t count, int from, int tag, cmpi_comm comm);
int cmpi_isend(const void *bytes, int64_t count, int to, int tag, cmpi_comm comm, cmpi_request *request);
int cmpi_ireceive(void *bytes, int64_t count, int from, int tag, cmpi_comm comm, cmpi_request *request);
/// Whether the request is done; then it is freed, set to NULL, and *count is the number of bytes received.
int cmpi_test(cmpi_request *request, int *done, int64_t *count);
/// Whether a message with this tag has arrived from anyone, from whom and how many bytes long.
int cmpi_probe_any(int tag, cmpi_comm comm, int *found, int *source, int64_t *count);
