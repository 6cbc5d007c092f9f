internal import Communication
internal import Diagnostics
internal import GroupLauncher

/// The processes that `flotilla scale` has mpirun start.
package enum ScaleRanks {
    /// Calls `body` in every rank; what it throws ends all of them with its sentence and exit code.
    ///
    /// - Throws: where MPI does not start.
    package static func run(_ ranks: Int, _ body: (BenchmarkGroup) throws -> Void) throws {
        try MPIRuntime.run { world in
            guard world.size == ranks else {
                throw LaunchError("mpirun started \(world.size) ranks instead of \(ranks)")
            }
            try body(BenchmarkGroup(world))
        } onFailure: { error in
            BenchmarkLauncher.fail(error)
        }
    }
}
