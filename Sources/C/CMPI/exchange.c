#include "cmpi_exchange.h"
#include "internal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct cmpi_exchange {
    MPI_Comm comm;
    MPI_Request *requests;
    int rank, size, count;
};

cmpi_exchange cmpi_exchange_create(cmpi_comm comm) {
    cmpi_exchange exchange = calloc(1, sizeof *exchange);
    if (!exchange) abort();
    exchange->comm = comm->comm;
    MPI_Comm_rank(comm->comm, &exchange->rank);
    MPI_Comm_size(comm->comm, &exchange->size);
    exchange->requests = calloc(2 * (size_t)exchange->size, sizeof *exchange->requests);
    if (!exchange->requests) abort();
    return exchange;
}

void cmpi_exchange_free(cmpi_exchange exchange) {
    free(exchange->requests);
    free(exchange);
}

int cmpi_exchange_begin(cmpi_exchange exchange, const void *send, const int *send_counts, const int *send_offsets,
                        void *receive, const int *receive_counts, const int *receive_offsets, int tag) {
    const int size = exchange->size, rank = exchange->rank;
    exchange->count = 0;
    // Receives first, so that nothing arrives unexpected and is copied; then each rank begins with its own neighbour, so
    // that not all of them send to one.
    for (int step = 1; step < size; step++) {
        const int from = (rank + size - step) % size;
        if (!receive_counts[from]) continue;
        int status = MPI_Irecv((char *)receive + receive_offsets[from], receive_counts[from], MPI_BYTE, from, tag,
                               exchange->comm, &exchange->requests[exchange->count]);
        if (status != MPI_SUCCESS) return status;
        exchange->count++;
    }
    for (int step = 1; step < size; step++) {
        const int to = (rank + step) % size;
        if (!send_counts[to]) continue;
        int status = MPI_Isend((const char *)send + send_offsets[to], send_counts[to], MPI_BYTE, to, tag, exchange->comm,
                               &exchange->requests[exchange->count]);
        if (status != MPI_SUCCESS) return status;
        exchange->count++;
    }
    return MPI_SUCCESS;
}

int cmpi_exchange_test(cmpi_exchange exchange, int *done) {
    return MPI_Testall(exchange->count, exchange->requests, done, MPI_STATUSES_IGNORE);
}

int cmpi_exchange_wait(cmpi_exchange exchange) {
    return MPI_Waitall(exchange->count, exchange->requests, MPI_STATUSES_IGNORE);
}

// Of this machine since it was started. Not MPI's idea of a host: that is a name, which several machines may have, and
// ranks need not agree on it.
static uint64_t machine(void) {
    char text[256] = {0};
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (!file || !fgets(text, sizeof text, file)) gethostname(text, sizeof text - 1);
    if (file) fclose(file);
    uint64_t hash = 0xcbf29ce484222325;
    for (const char *c = text; *c && *c != '\n'; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
    return hash;
}

int cmpi_hosts(cmpi_comm comm, int *hosts) {
    const uint64_t own = machine();
    int size = 0;
    MPI_Comm_size(comm->comm, &size);
    uint64_t *machines = calloc((size_t)size, sizeof *machines);
    if (!machines) abort();
    const int status = MPI_Allgather(&own, 1, MPI_UINT64_T, machines, 1, MPI_UINT64_T, comm->comm);
    for (int r = 0; r < size; r++) {
        hosts[r] = 0;
        while (machines[hosts[r]] != machines[r]) hosts[r]++;
    }
    free(machines);
    return status;
}
