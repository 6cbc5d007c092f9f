import Requests
import TestSupport
import Testing
import WireProtocol

/// Answers in whose middle something happens: longer ones, where those were over before.
///
/// How fast answers come, and how long a test waits for its next turn, is the machine's affair.
final class Interruption {
    /// What a fourth of a server's cache has room for, at most.
    private static let most = 3600
    private static let turns = 5
    private let server: ServerProcess
    private var tokens = 1200
    /// The answers that nothing happened to.
    private(set) var expected: [RawClient.Answer]

    init(_ server: ServerProcess) throws {
        self.server = server
        expected = try ReplayTests.answers(server, tokens: tokens) {}
    }

    /// Asks until `middle` has interrupted all answers, or some, and some times at most.
    ///
    /// - Returns: what came; ``expected`` is of the same questions then.
    func answers(
        when isTime: ([RawClient.Answer]) -> Bool = { $0.allSatisfy { $0.ids.count > 10 } },
        isEnough: ([RawClient.Answer]) -> Bool = { $0.allSatisfy { $0.end?.replays ?? 0 > 0 } },
        middle: () throws -> Void
    ) throws -> [RawClient.Answer] {
        for turn in 1... {
            let found = try ReplayTests.answers(server, tokens: tokens, when: isTime, middle: middle)
            if isEnough(found) || turn == Self.turns { return found }
            try server.waitUntil(.ready)
            guard tokens < Self.most else { continue }
            tokens += 1200
            expected = try ReplayTests.answers(server, tokens: tokens) {}
        }
        return []
    }
}
