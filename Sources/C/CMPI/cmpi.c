#include "cmpi.h"
#include "internal.h"

#include <limits.h>
#include <stdlib.h>

struct cmpi_request {
    MPI_Request request;
};

static cmpi_comm adopt(MPI_Comm comm) {
    cmpi_comm owned = malloc(sizeof *owned);
    if (!owned) abort();
    owned->comm = comm;
    owned->borrowed = 0;
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    return owned;
}

int cmpi_init_funneled(void) {
    int provided = 0;
    int status = MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &provided);
    if (status != MPI_SUCCESS) return status;
    if (provided < MPI_THREAD_FUNNELED) return MPI_ERR_OTHER;
    return MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
}

int cmpi_finalize(void) { return MPI_Finalize(); }

void cmpi_abort(int code) { MPI_Abort(MPI_COMM_WORLD, code); }

void cmpi_error_text(int status, char *text, int capacity) {
    char buffer[MPI_MAX_ERROR_STRING];
    int length = 0;
    if (MPI_Error_string(status, buffer, &length) != MPI_SUCCESS) length = 0;
    if (length >= capacity) length = capacity - 1;
    for (int i = 0; i < length; i++) text[i] = buffer[i];
    text[length] = 0;
}

cmpi_comm cmpi_world(void) {
    cmpi_comm world = adopt(MPI_COMM_WORLD);
    world->borrowed = 1;
    return world;
}

cmpi_comm cmpi_dup_world(void) {
    MPI_Comm world;
    if (MPI_Comm_dup(MPI_COMM_WORLD, &world) != MPI_SUCCESS) return NULL;
    return adopt(world);
}

cmpi_comm cmpi_split(cmpi_comm comm, int colour) {
    MPI_Comm part;
    int rank = cmpi_rank(comm);
    if (MPI_Comm_split(comm->comm, colour, rank, &part) != MPI_SUCCESS) return NULL;
    return adopt(part);
}

void cmpi_comm_free(cmpi_comm comm) {
    if (!comm->borrowed) MPI_Comm_free(&comm->comm);
    free(comm);
}

int cmpi_rank(cmpi_comm comm) {
    int rank = 0;
    MPI_Comm_rank(comm->comm, &rank);
    return rank;
}

int cmpi_size(cmpi_comm comm) {
    int size = 0;
    MPI_Comm_size(comm->comm, &size);
    return size;
}

int cmpi_gatherv_bytes(const void *mine, int count, void *all, const int *counts, const int *offsets, cmpi_comm comm) {
    return MPI_Gatherv(mine, count, MPI_BYTE, all, counts, offsets, MPI_BYTE, 0, comm->comm);
}

int cmpi_allgather_bytes(const void *mine, int count, void *all, cmpi_comm comm) {
    return MPI_Allgather(mine, count, MPI_BYTE, all, count, MPI_BYTE, comm->comm);
}

int cmpi_allreduce_f32(const float *mine, float *sum, int count, cmpi_comm comm) {
    return MPI_Allreduce(mine, sum, count, MPI_FLOAT, MPI_SUM, comm->comm);
}

// Messages longer than INT_MAX bytes do not occur: a tile's visual tokens are a few megabytes.
static int fits(int64_t count) { return count >= 0 && count <= INT_MAX; }

int cmpi_send(const void *bytes, int64_t count, int to, int tag, cmpi_comm comm) {
    return fits(count) ? MPI_Send(bytes, (int)count, MPI_BYTE, to, tag, comm->comm) : MPI_ERR_COUNT;
}

int cmpi_receive(void *bytes, int64_t count, int from, int tag, cmpi_comm comm) {
    if (!fits(count)) return MPI_ERR_COUNT;
    return MPI_Recv(bytes, (int)count, MPI_BYTE, from, tag, comm->comm, MPI_STATUS_IGNORE);
}

static int start(int status, MPI_Request pending, cmpi_request *request) {
    if (status != MPI_SUCCESS) return status;
    *request = malloc(sizeof **request);
    if (!*request) abort();
    (*request)->request = pending;
    return MPI_SUCCESS;
}

int cmpi_isend(const void *bytes, int64_t count, int to, int tag, cmpi_comm comm, cmpi_request *request) {
    if (!fits(count)) return MPI_ERR_COUNT;
    MPI_Request pending;
    int status = MPI_Isend(bytes, (int)count, MPI_BYTE, to, tag, comm->comm, &pending);
    return start(status, pending, request);
}

int cmpi_ireceive(void *bytes, int64_t count, int from, int tag, cmpi_comm comm, cmpi_request *request) {
    if (!fits(count)) return MPI_ERR_COUNT;
    MPI_Request pending;
    int status = MPI_Irecv(bytes, (int)count, MPI_BYTE, from, tag, comm->comm, &pending);
    return start(status, pending, request);
}

int cmpi_test(cmpi_request *request, int *done, int64_t *count) {
    *done = 1;
    *count = 0;
    if (!*request) return MPI_SUCCESS;
    MPI_Status received;
    int status = MPI_Test(&(*request)->request, done, &received);
    if (status != MPI_SUCCESS || !*done) return status;
    int bytes = 0;
    MPI_Get_count(&received, MPI_BYTE, &bytes);
    *count = bytes;
    free(*request);
    *request = NULL;
    return MPI_SUCCESS;
}

int cmpi_probe_any(int tag, cmpi_comm comm, int *found, int *source, int64_t *count) {
    MPI_Status waiting;
    *found = 0;
    int status = MPI_Iprobe(MPI_ANY_SOURCE, tag, comm->comm, found, &waiting);
    if (status != MPI_SUCCESS || !*found) return status;
    int bytes = 0;
    MPI_Get_count(&waiting, MPI_BYTE, &bytes);
    *source = waiting.MPI_SOURCE;
    *count = bytes;
    return MPI_SUCCESS;
}
