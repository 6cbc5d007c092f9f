internal import Communication
internal import Diagnostics
internal import Foundation
internal import GroupLauncher
internal import Kernels
internal import SAILVL2Model
internal import Sharding
internal import Tensors

/// Measures the network between hosts, as one of the ranks of which each host has one.
package struct HostTrial {
    /// The hosts in the order of the ranks.
    private let hosts: [String]
    private let hiddenSize: Int
    private static let largeBytes = 1 << 20
    private static let contactLimit = Duration.seconds(15)

    package init(hosts: [String], hiddenSize: Int) { (self.hosts, self.hiddenSize) = (hosts, hiddenSize) }

    /// Runs in every rank; the first prints what all have measured.
    package func run() throws {
        try MPIRuntime.run(contactLimit: Self.contactLimit) { world in
            guard world.size == hosts.count else {
                throw LaunchError("mpirun started \(world.size) ranks on \(hosts.count) hosts")
            }
            let report = try measure(world)
            if world.rank == 0 { StandardOutput.write(NetworkReport.mark + (try Self.json(report)) + "\n") }
        } onFailure: { error in
            BenchmarkLauncher.fail((error as? NoContactError).map(named) ?? error)
        }
    }

    /// With the hosts' names, which say more than ranks that nobody has asked for.
    private func named(_ error: NoContactError) -> any OperatorError {
        let unheard = error.unheard.map { hosts[$0] }.joined(separator: ", ")
        return LaunchError("host \(hosts[error.rank]) has heard nothing of host \(unheard) over MPI", hint: error.hint)
    }

    private static func json(_ report: NetworkReport) throws -> String {
        String(decoding: try JSONEncoder().encode(report), as: UTF8.self)
    }

    private func measure(_ world: MPICommunicator) throws -> NetworkReport {
        var pairs: [(one: Int, other: Int, figures: PairMessages.Figures)] = []
        for round in NetworkReport.rounds(of: world.size) {
            let mine = round.first { $0.one == world.rank || $0.other == world.rank }
            var figures = PairMessages.Figures()
            _ = try world.allGather(0)
            if let mine {
                let isFirst = mine.one == world.rank
                let messages = PairMessages(world, peer: isFirst ? mine.other : mine.one, isFirst: isFirst)
                figures = try messages.measure(largeBytes: Self.largeBytes)
            }
            let all = try figures.all(of: world)
            pairs += round.map { ($0.one, $0.other, all[$0.one]) }
        }
        let sorted = pairs.sorted { ($0.one, $0.other) < ($1.one, $1.other) }
        return NetworkReport(
            pairs: sorted.map { one, other, figures in
                // Beside its bytes, a long message takes what a short one does.
                let seconds = max(figures.large - figures.small, 1e-9)
                return NetworkReport.Pair(
                    one: hosts[one],
                    other: hosts[other],
                    roundTripMicroseconds: figures.small * 1e6,
                    megabitsPerSecond: Double(Self.largeBytes) * 8 / seconds / 1e6,
                    clockOffset: figures.offset
                )
            },
            hiddenSize: hiddenSize,
            allReduceMicroseconds: try allReduce(world) * 1e6
        )
    }

    /// Seconds of one all-reduce of a hidden state, on the slowest rank: the median.
    private func allReduce(_ world: MPICommunicator) throws -> Double {
        let pool = ThreadPool(threads: 1)
        let reduce = TreeAllReduce(
            tree: ReductionTree(leafCount: world.size),
            leaves: (0..<world.size).map { $0..<($0 + 1) },
            width: hiddenSize,
            maxRows: 1,
            fabric: try world.fabric(),
            pool: pool
        )
        let sum = FloatBuffer(count: hiddenSize)
        sum.pointer.update(repeating: 0, count: hiddenSize)
        pool.beginStep()
        defer { pool.endStep() }
        var times: [Double] = []
        // Several without a pause, as in a step: the ranks do not come out of a barrier at the same time.
        let (batches, repetitions) = (9, 16)
        for _ in 0..<batches {
            let time = try ContinuousClock().measure {
                for _ in 0..<repetitions {
                    reduce.destination(rows: 1).row(0).update(repeating: 1, count: hiddenSize)
                    try reduce.reduce(rows: 1, addingTo: sum.pointer)
                }
            }
            times.append(time / .seconds(repetitions))
        }
        let median = times.sorted()[times.count / 2]
        return try world.allGather(median.bitPattern).map(Double.init(bitPattern:)).max() ?? median
    }
}
