import Communication
import Foundation
import SAILVL2Model

/// Few and many rows, again and again, against naive sums; calls and bytes against the plan.
enum AllReduceCheck {
    static func run(_ world: MPICommunicator) throws {
        var wrong = 0
        var isShared = false
        var countsAgree = true
        // Widths that fill no vector; few rows, enough to be sliced, and one row that is too large to be small.
        let shapes = [(leaves: 8, width: 77, rows: [1, 3]), (13, 1027, [2, 66, 1]), (16, 33_001, [1])]
        for (leaves, width, rows) in shapes {
            let test = TestReduce(world, leafCount: leaves, width: width, maxRows: rows.max() ?? 1, threads: 2)
            isShared = test.reduce.isShared
            var expectedBytes = 0
            let sequence = rows + rows + rows.reversed()
            for count in sequence {
                for index in test.residual.indices { test.residual[index] = Float(index % 97) * 0.37 }
                try test.run(rows: count)
                wrong += mistakes(test, rows: count)
                expectedBytes += TreeAllReduce.bytesSent(
                    tree: test.tree,
                    leaves: test.leaves,
                    width: width,
                    rank: world.rank,
                    rows: count
                )
            }
            let reduce = test.reduce
            if reduce.calls != sequence.count || reduce.bytesSent != expectedBytes { countsAgree = false }
        }
        if world.meter.sentBytes == 0, world.size > 1 { countsAgree = false }
        let all = try world.allGather(UInt64(wrong) << 2 | (countsAgree ? 2 : 0) | (isShared ? 1 : 0))
        guard world.rank == 0 else { return }
        print("shared=\(all.allSatisfy { $0 & 1 == 1 }) counts=\(all.allSatisfy { $0 & 2 == 2 })", terminator: " ")
        print("wrong=\(all.reduce(0) { $0 + $1 >> 2 })")
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
