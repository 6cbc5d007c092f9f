import Communication
import Foundation
import SAILVL2Model

/// Few and many rows, again and again, against naive sums; calls and bytes against the plan.
enum AllReduceCheck {
    /// What networks make the ranks choose: the fewest bytes, the fewest rounds, whatever was measured.
    private static func fabrics(_ own: RankFabric) -> [RankFabric] {
        [
            own, RankFabric(own, network: nil),
            RankFabric(own, network: NetworkModel(latency: 1, secondsPerByte: 1e-12)),
            RankFabric(own, network: NetworkModel(latency: 1e-9, secondsPerByte: 1e-6)),
        ]
    }

    /// - Parameter labels: of the ranks, `0,0,1`: only those of one label share memory.
    static func run(_ world: MPICommunicator, labels: String?) throws {
        let given = labels?.split(separator: ",").compactMap { Int($0) }
        let fabric = try given.map(world.fabric(labels:)) ?? world.fabric()
        var wrong = 0
        var isShared = false
        var countsAgree = true
        // Widths that fill no vector; few rows, enough to be sliced or to travel by halves, and one row that is too
        // large to be small.
        let shapes = [(leaves: 8, width: 77, rows: [1, 3]), (13, 1027, [2, 66, 1]), (16, 33_001, [1])]
        for (leaves, width, rows) in shapes {
            for fabric in fabrics(fabric) {
                let test = TestReduce(fabric, leafCount: leaves, width: width, maxRows: rows.max() ?? 1, threads: 2)
                isShared = test.reduce.isShared
                var expectedBytes = 0
                let meteredBytes = world.meter.sentBytes
                let sequence = rows + rows + rows.reversed()
                var calls = 0
                for count in sequence {
                    for index in test.residual.indices { test.residual[index] = Float(index % 97) * 0.37 }
                    for part in try test.run(rows: count) {
                        expectedBytes += test.reduce.plan.bytesSent(world.rank, rows: part)
                        calls += 1
                    }
                    wrong += mistakes(test, rows: count)
                }
                let reduce = test.reduce
                if reduce.calls != calls || reduce.bytesSent != expectedBytes { countsAgree = false }
                if world.meter.sentBytes - meteredBytes != expectedBytes { countsAgree = false }
            }
        }
        let all = try world.allGather(UInt64(wrong) << 2 | (countsAgree ? 2 : 0) | (isShared ? 1 : 0))
        guard world.rank == 0 else { return }
        print("shared=\(all.allSatisfy { $0 & 1 == 1 }) counts=\(all.allSatisfy { $0 & 2 == 2 })", terminator: " ")
        print("domains=\(fabric.domains.count) wrong=\(all.reduce(0) { $0 + $1 >> 2 })")
    }

    private static func mistakes(_ test: TestReduce, rows: Int) -> Int {
        var wrong = 0
        for row in 0..<rows {
            // The naive tree is slow: every column of a few rows, some columns of all of them.
            for column in stride(from: 0, to: test.width, by: row < 2 && test.width < 9999 ? 1 : 61) {
                let index = row * test.width + column
                let expected = Float(index % 97) * 0.37 + test.root(row: row, column: column)
                if test.residual[index].bitPattern != expected.bitPattern { wrong += 1 }
            }
        }
        return wrong
    }
}
