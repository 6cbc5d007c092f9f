import Foundation
import TestSupport
import Testing

@Suite("Messages to all ranks", .serialized, .ownThread)
struct BroadcastTests {
    @Test("come whole and in order, and rank 0 sends a few of them", arguments: 1...4)
    func broadcast(ranks: Int) throws {
        let output = try TestRanks.run(ranks, ["broadcast"])
        let lines = output.split(separator: "\n").map(String.init).sorted()
        // 140 rounds; a rank sends to those below it.
        let children = [[0], [1, 0], [2, 0, 0], [2, 0, 1, 0]][ranks - 1]
        #expect(lines == children.enumerated().map { "rank \($0): \(140 * $1) messages, 0 wrong" }, "\(output)")
    }
}
