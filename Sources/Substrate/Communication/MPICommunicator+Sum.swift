internal import CMPI

extension MPICommunicator {
    /// `MPI_Allreduce`, whose order of additions MPI does not promise: what ours is measured against, and no more.
    package func sumForComparison(
        _ mine: UnsafePointer<Float>,
        into sum: UnsafeMutablePointer<Float>,
        count: Int
    ) throws(MPIError) {
        try MPIError.check(cmpi_allreduce_f32(mine, sum, Int32(count), handle), "MPI_Allreduce")
    }
}
