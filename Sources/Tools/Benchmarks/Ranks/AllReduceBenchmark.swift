package import Communication
internal import Kernels
internal import SAILVL2Model
internal import Sharding
internal import Tensors

/// The all-reduce of the decoder beside `MPI_Allreduce`, which may add in any order.
package struct AllReduceBenchmark {
    private let group: BenchmarkGroup
    private let world: MPICommunicator
    private let rounds: Rounds
    private let threads: Int
    private let pool: ThreadPool
    private let fabric: RankFabric

    /// A row of the residual stream of an 8B model has so many floats; larger sums are of several rows.
    private static let rowFloats = 4096

    /// - Parameter group: of two ranks or more.
    package init(group: BenchmarkGroup, world: MPICommunicator, rounds: Rounds, threads: Int) throws {
        (self.group, self.world, self.rounds, self.threads) = (group, world, rounds, threads)
        pool = ThreadPool(threads: threads)
        fabric = try world.fabric()
    }

    /// Microseconds of one all-reduce of `bytes` bytes, addition to the residual stream included.
    ///
    /// Collective.
    package func row(bytes: Int) throws -> BenchmarkRow {
        let floats = max(1, bytes / 4)
        let width = min(floats, Self.rowFloats)
        let rows = floats / width
        // One leaf a rank: what ranks exchange when they are a power of two.
        let reduce = TreeAllReduce(
            tree: ReductionTree(leafCount: group.size),
            leaves: (0..<group.size).map { $0..<($0 + 1) },
            width: width,
            maxRows: rows,
            fabric: fabric,
            pool: pool
        )
        let (mine, sum) = (FloatBuffer(count: floats), FloatBuffer(count: floats))
        for index in 0..<floats { mine[index] = Float(index % 17) }
        sum.pointer.update(repeating: 0, count: floats)
        pool.beginStep()
        defer { pool.endStep() }
        let outcome = try rounds.measure(
            in: group,
            ideal: {
                let repetitions = 200
                return try ContinuousClock().measure {
                    for _ in 0..<repetitions {
                        try world.sumForComparison(mine.pointer, into: sum.pointer, count: floats)
                    }
                } / .seconds(repetitions)
            },
            work: {
                let own = reduce.destination(rows: rows)
                for row in 0..<rows { own.row(row).update(from: mine.pointer + row * width, count: width) }
                try reduce.reduce(rows: rows, addingTo: sum.pointer)
            }
        )
        var row = BenchmarkRow("all-reduce", Self.name(bytes), figure: outcome.seconds.mapped { $0 * 1e6 }, unit: "µs")
        row.ceiling = .init("MPI_Allreduce", value: outcome.ideal.median * 1e6, share: outcome.share)
        (row.format, row.ranks, row.threads) = ("float32", group.size, threads)
        return row
    }

    /// `4 B`, `16 KiB`, `4 MiB`.
    package static func name(_ bytes: Int) -> String {
        bytes >= 1 << 20 ? "\(bytes >> 20) MiB" : bytes >= 1 << 10 ? "\(bytes >> 10) KiB" : "\(bytes) B"
    }
}
