// What the sources of this target share; the only file that includes mpi.h.
#pragma once
#define OMPI_SKIP_MPICXX 1
#include <mpi.h>

struct cmpi_comm {
    MPI_Comm comm;
    // MPI_COMM_WORLD is not ours to free.
    int borrowed;
};
