// MPI_Bcast has nothing to poll, so that who waits for it must spin, and MPI_Ibcast allocates in every call. Messages between
// two ranks do neither.
#include "cmpi_broadcast.h"
#include "internal.h"

#include <limits.h>
#include <stdlib.h>

struct cmpi_broadcast {
    MPI_Comm comm;
    MPI_Request incoming;
    MPI_Request *outgoing;
    int *children;
    int parent, count, tag;
};

cmpi_broadcast cmpi_broadcast_create(cmpi_comm comm, int parent, const int *children, int count, int tag) {
    cmpi_broadcast broadcast = calloc(1, sizeof *broadcast);
    if (!broadcast) abort();
    broadcast->comm = comm->comm;
    broadcast->incoming = MPI_REQUEST_NULL;
    broadcast->outgoing = calloc((size_t)count + 1, sizeof *broadcast->outgoing);
    broadcast->children = calloc((size_t)count + 1, sizeof *broadcast->children);
    if (!broadcast->outgoing || !broadcast->children) abort();
    for (int i = 0; i < count; i++) broadcast->children[i] = children[i];
    broadcast->parent = parent;
    broadcast->count = count;
    broadcast->tag = tag;
    return broadcast;
}

void cmpi_broadcast_free(cmpi_broadcast broadcast) {
    free(broadcast->outgoing);
    free(broadcast->children);
    free(broadcast);
}

int cmpi_broadcast_send(cmpi_broadcast b, const void *bytes, int64_t count) {
    if (count < 0 || count > INT_MAX) return MPI_ERR_COUNT;
    for (int i = 0; i < b->count; i++) {
        int status = MPI_Isend(bytes, (int)count, MPI_BYTE, b->children[i], b->tag, b->comm, &b->outgoing[i]);
        if (status != MPI_SUCCESS) return status;
    }
    return MPI_Waitall(b->count, b->outgoing, MPI_STATUSES_IGNORE);
}

int cmpi_broadcast_receive(cmpi_broadcast b, void *bytes, int64_t capacity) {
    // MPI counts in int; no message is as long as that.
    const int most = capacity > INT_MAX ? INT_MAX : (int)capacity;
    return MPI_Irecv(bytes, most, MPI_BYTE, b->parent, b->tag, b->comm, &b->incoming);
}

int cmpi_broadcast_test(cmpi_broadcast b, int *done, int64_t *count) {
    MPI_Status received;
    *count = 0;
    int status = MPI_Test(&b->incoming, done, &received);
    if (status != MPI_SUCCESS || !*done) return status;
    int bytes = 0;
    MPI_Get_count(&received, MPI_BYTE, &bytes);
    *count = bytes;
    return MPI_SUCCESS;
}
