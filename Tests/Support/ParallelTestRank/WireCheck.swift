import Communication
import Foundation
import Kernels
import SAILVL2Model

/// Sums that are rounded on their way between hosts: the same bits on every rank, those of one process that stands for all
/// hosts, whatever the blocks; near the exact sums; and as many bytes as planned.
enum WireCheck {
    /// - Parameter labels: of the ranks, `0,0,1`: only those of one label share memory, and follow one another.
    static func run(_ world: MPICommunicator, labels: String?) throws {
        let given = labels?.split(separator: ",").compactMap { Int($0) } ?? Array(0..<world.size)
        let fabric = try world.fabric(labels: given)
        var (wrong, far, countsAgree) = (0, 0, true)
        for wire in WireFormat.allCases {
            // What was measured must not choose another way, and so other bits.
            let slow = RankFabric(fabric, network: NetworkModel(latency: 1, secondsPerByte: 1e-12))
            for (fabric, width) in [(fabric, 77), (slow, 130), (fabric, 64)] {
                let rows = [1, 3, 66]
                let test = TestReduce(fabric, leafCount: 13, width: width, maxRows: 66, threads: 2, wire: wire)
                let hosts = fabric.domains.members.map { ranks in
                    test.leaves[ranks[0]].lowerBound..<test.leaves[ranks[ranks.count - 1]].upperBound
                }
                let all = TestReduce(rehearsing: hosts, leafCount: 13, width: width, maxRows: 66, wire: wire)
                for count in rows + rows.reversed() {
                    for index in test.residual.indices { test.residual[index] = Float(index % 97) * 0.37 }
                    all.residual = test.residual
                    let metered = world.meter.sentBytes
                    let planned = try test.run(rows: count)
                        .reduce(0) { $0 + test.reduce.plan.bytesSent(world.rank, rows: $1) }
                    if world.meter.sentBytes - metered != planned { countsAgree = false }
                    _ = try all.run(rows: count)
                    wrong += zip(test.residual, all.residual).count { $0.bitPattern != $1.bitPattern }
                    far += Self.far(test, rows: count, wire)
                }
            }
        }
        let found = try world.allGather(UInt64(wrong + far) << 1 | (countsAgree ? 1 : 0))
        guard world.rank == 0 else { return }
        print("counts=\(found.allSatisfy { $0 & 1 == 1 })", terminator: " ")
        print("domains=\(fabric.domains.count) wrong=\(found.reduce(0) { $0 + $1 >> 1 })")
    }

    /// Sums of up to 13 numbers below one, and what they were added to: so many are further from the truth than a few
    /// roundings of the numbers that travel explain.
    private static func far(_ test: TestReduce, rows: Int, _ wire: WireFormat) -> Int {
        let step: Float = wire == .f32 ? 0 : wire == .bf16 ? 13.0 / 256 : 13.0 / 127
        var far = 0
        for row in 0..<rows {
            for column in stride(from: 0, to: test.width, by: row < 2 ? 7 : 61) {
                let index = row * test.width + column
                let exact = Float(index % 97) * 0.37 + test.root(row: row, column: column)
                if abs(test.residual[index] - exact) > step * 3 { far += 1 }
            }
        }
        return far
    }
}
