import ArgumentParser
import Benchmarks
import Diagnostics

/// `flotilla bench allreduce`: the sums between ranks.
struct BenchAllReduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allreduce",
        abstract: "Measures the decoder's all-reduce beside MPI_Allreduce, between ranks on this host.",
        discussion: "On several hosts: mpirun --hostfile HOSTS flotilla bench allreduce."
    )

    @OptionGroup var bench: BenchOptions

    @Option(help: "Ranks; started under mpirun on this host.")
    var ranks = 2

    @Option(help: "Threads of each rank; by default a fair share of the host's processors.")
    var threads: Int?

    @Option(help: "Bytes of a sum, multiples of 4 up to 16384, of 16384 beyond; several with commas.")
    var bytes = "4,1024,8192,16384,65536,262144,1048576,4194304"

    func validate() throws {
        if !(2...4096).contains(ranks) { throw ValidationError("--ranks \(ranks) is not in 2...4096") }
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads \(threads) is not in 1...1024")
        }
    }

    func run() throws {
        let sizes = try NumberList(bytes, option: "--bytes", range: 4...(256 << 20)).values
        if let odd = sizes.first(where: { $0 % (min($0, 16384) == 16384 ? 16384 : 4) != 0 }) {
            throw UsageError("--bytes has \(odd), expected multiples of 4, and of 16384 from there on")
        }
        let launcher = BenchmarkLauncher()
        let threads = launcher.threads(asked: threads, ranks: ranks)
        try launcher.run(ranks: ranks, threads: threads) { group in
            guard let world = group.mpi else { return }
            let benchmark = try AllReduceBenchmark(
                group: group,
                world: world,
                rounds: Rounds(count: bench.rounds, turnSeconds: 0.05),
                threads: threads
            )
            try bench.show(try sizes.map { try benchmark.row(bytes: $0) }, rank: group.rank)
        }
    }
}
