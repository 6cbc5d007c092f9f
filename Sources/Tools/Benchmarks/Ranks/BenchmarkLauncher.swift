internal import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLauncher
internal import RankProgram

/// Starts the ranks of a measurement, and says in each of them which one it is.
///
/// Unlike a group that serves, ranks that measure need nobody in front: the first process becomes `mpirun`, which starts
/// the same command again, as often as there are ranks. Whoever wants them on several hosts starts them so himself:
/// `mpirun --hostfile HOSTS flotilla bench decode …`.
package struct BenchmarkLauncher {
    private let variables = ProcessInfo.processInfo.environment

    package init() {}

    /// Whether `mpirun` started this process.
    package var isRank: Bool { variables["OMPI_COMM_WORLD_SIZE"] != nil }

    /// Threads of a rank when nobody said how many: a fair share of the processors that ranks on this host may use.
    package func threads(asked: Int?, ranks: Int) -> Int { asked ?? Processors.share(of: number("SIZE") ?? ranks) }

    /// Calls `body` in `ranks` processes at once; returns in each of them when it is done.
    ///
    /// - Throws: what `body` throws; in a rank of several it ends the process and all others with its exit code.
    package func run(ranks: Int, threads: Int, _ body: (BenchmarkGroup) throws -> Void) throws {
        guard isRank else {
            if ranks > 1 { try becomeMpirun(ranks: ranks) }
            return try body(BenchmarkGroup())
        }
        if let place = number("RANK"), let ranksHere = number("SIZE") {
            Processors.bind(place: place, of: ranksHere, threads: threads)
        }
        try MPIRuntime.run { world in
            guard ranks == 1 || ranks == world.size else {
                throw UsageError("--ranks is \(ranks), but mpirun started \(world.size)")
            }
            try body(BenchmarkGroup(world))
        } onFailure: { error in
            Self.fail(error)
        }
    }

    /// Says why a rank cannot go on; its exit code.
    static func fail(_ error: any Error) -> Int32 {
        let known = error as? any OperatorError
        StandardError.sayLast("flotilla: \(known?.report ?? "\(error)")\n", isPassedOn: true)
        return (known?.exitCode ?? .internalError).rawValue
    }

    private func number(_ name: String) -> Int? { variables["OMPI_COMM_WORLD_LOCAL_\(name)"].flatMap { Int($0) } }

    /// Replaces this process by `mpirun`; returns only by throwing.
    private func becomeMpirun(ranks: Int) throws {
        guard let mpirun = ProgramSearch.find("mpirun", in: variables) else {
            throw LaunchError("mpirun is not in PATH", hint: "install Open MPI: apt-get install openmpi-bin")
        }
        let executable = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let spec = GroupSpec(decoderRanks: ranks, visionRanks: 0, executable: executable, rankArguments: [])
        var words = [mpirun] + MpirunCommand.rankArguments(for: spec)
        words += [executable] + CommandLine.arguments.dropFirst()
        setenv("OPENBLAS_NUM_THREADS", "1", 1)
        setenv("OMP_NUM_THREADS", "1", 1)
        if geteuid() == 0 {
            setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 1)
            setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 1)
        }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        execv(mpirun, &arguments)
        throw LaunchError("\(mpirun) could not be started: \(String(cString: strerror(errno)))")
    }
}
