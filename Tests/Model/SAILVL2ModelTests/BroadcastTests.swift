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

@Suite("Messages to rank 0", .serialized, .ownThread)
struct OutboxTests {
    @Test("come whole and in order, though rank 0 waits in shared memory when they are sent off", arguments: 2...3)
    func outbox(ranks: Int) throws {
        let lines = try TestRanks.run(ranks, ["outbox"]).split(separator: "\n").map(String.init).sorted()
        // 15 times each of 0, 1, 3, 64, 65 and 200 records.
        let put = 15 * 333
        let others = (1..<ranks).map { "rank \($0): \(put) put, 0 taken, 0 wrong" }
        #expect(lines == ["rank 0: 0 put, \(put * (ranks - 1)) taken, 0 wrong"] + others)
    }
}
