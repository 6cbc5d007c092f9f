internal import Communication
internal import Diagnostics
internal import Foundation
package import GroupLauncher
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
            let known = (error as? NoContactError).map(named) ?? error as? any OperatorError
            StandardError.write("flotilla: \(known?.report ?? "\(error)")\n")
            return (known?.exitCode ?? .internalError).rawValue
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
        var pairs: [NetworkReport.Pair] = []
        for round in NetworkReport.rounds(of: world.size) {
            let mine = round.first { $0.one == world.rank || $0.other == world.rank }
            var figures = (small: 0.0, large: 0.0)
            _ = try world.allGather(0)
            if let mine {
                let isFirst = mine.one == world.rank
                let (peer, messages) = (isFirst ? mine.other : mine.one, PairMessages(world))
                figures.small = try messages.median(bytes: 8, of: 31, with: peer, isFirst: isFirst)
                figures.large = try messages.median(bytes: Self.largeBytes, of: 5, with: peer, isFirst: isFirst)
            }
            let small = try world.allGather(figures.small.bitPattern).map(Double.init(bitPattern:))
            let large = try world.allGather(figures.large.bitPattern).map(Double.init(bitPattern:))
            pairs += round.map { one, other in
                // Beside its bytes, a long message takes what a short one does.
                let seconds = max(large[one] - small[one], 1e-9)
                return NetworkReport.Pair(
                    one: hosts[one],
                    other: hosts[other],
                    roundTripMicroseconds: small[one] * 1e6,
                    megabitsPerSecond: Double(Self.largeBytes) * 8 / seconds / 1e6
                )
            }
        }
        return NetworkReport(
            pairs: pairs,
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
        reduce.destination(rows: 1).row(0).update(repeating: 1, count: hiddenSize)
        pool.beginStep()
        defer { pool.endStep() }
        var times: [Double] = []
        for _ in 0..<31 {
            _ = try world.allGather(0)
            reduce.destination(rows: 1).row(0).update(repeating: 1, count: hiddenSize)
            let time = try ContinuousClock().measure { try reduce.reduce(rows: 1, addingTo: sum.pointer) }
            times.append(time / .seconds(1))
        }
        let median = times.sorted()[times.count / 2]
        return try world.allGather(median.bitPattern).map(Double.init(bitPattern:)).max() ?? median
    }
}

/// Messages to and fro between two ranks.
private final class PairMessages {
    private let world: MPICommunicator
    private var bytes: UnsafeMutableRawBufferPointer

    init(_ world: MPICommunicator) {
        self.world = world
        bytes = .allocate(byteCount: 0, alignment: 64)
    }

    deinit { bytes.deallocate() }

    /// Seconds until a message is there and a short one has come back; the first of them are not counted.
    func median(bytes count: Int, of rounds: Int, with peer: Int, isFirst: Bool) throws -> Double {
        bytes.deallocate()
        bytes = .allocate(byteCount: count, alignment: 64)
        bytes.initializeMemory(as: UInt8.self, repeating: 1)
        let answer = UnsafeMutableRawBufferPointer(rebasing: bytes[..<8])
        var times: [Double] = []
        for _ in 0..<(rounds + 2) {
            let time = try ContinuousClock().measure {
                if isFirst {
                    try world.send(UnsafeRawBufferPointer(bytes), to: peer, .contact)
                    try world.receive(answer, from: peer, .contact)
                } else {
                    try world.receive(bytes, from: peer, .contact)
                    try world.send(UnsafeRawBufferPointer(answer), to: peer, .contact)
                }
            }
            times.append(time / .seconds(1))
        }
        return times.dropFirst(2).sorted()[rounds / 2]
    }
}
