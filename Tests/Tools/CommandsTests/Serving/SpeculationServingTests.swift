import Foundation
import Requests
import TestSupport
import Testing
import WireProtocol

/// Answers that are drafted from their own words and from earlier ones, while ranks die and memory is short.
@Suite("Answers with drafts, through losses and in little memory", .serialized, .ownThread)
struct SpeculationServingTests {
    static let model = ReplayTests.model

    private static func compare(_ found: [RawClient.Answer], _ expected: [RawClient.Answer], _ when: String) {
        for (one, other) in zip(found, expected) {
            #expect(one.text == other.text && one.ids == other.ids, "\(when): \(String(describing: one.error))")
            #expect(one.end?.text == other.end?.text && one.end?.finish == other.end?.finish, "\(when)")
        }
    }

    private static func accepted(_ answers: [RawClient.Answer]) -> Int {
        answers.reduce(0) { $0 + ($1.end?.speculation?.accepted ?? 0) }
    }

    @Test("each rank killed amid drafts that are checked: the bytes of answers without drafts")
    func killed() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let expected = try DraftModelServingTests.expected(in: directory)
            for victim in 0..<3 {
                var hasInterrupted = false
                for _ in 0..<5 where !hasInterrupted {
                    // Begun anew, so that answers are not known from before, and are long enough to be interrupted.
                    let server = try ServerProcess(
                        model: Self.model,
                        ["--decoder-ranks", "2", "--context", "16384"],
                        in: directory
                    )
                    let found = try ReplayTests.answers(server, drafts: true) {
                        kill(try #require(try server.ranks()[victim]), SIGKILL)
                    }
                    Self.compare(found, expected, "rank \(victim)")
                    hasInterrupted = found.contains { $0.end?.replays == 1 }
                    #expect(Self.accepted(found) > 0)
                    try Self.again(server, expected)
                    #expect(server.end().status == 0, "\(server.errors)")
                }
                #expect(hasInterrupted, "no answer was under way when rank \(victim) was killed")
            }
        }
    }

    /// Asks again, when most of it is drafted: how many drafts are worth their rows is measured, on a machine that may be busy.
    private static func again(_ server: ServerProcess, _ expected: [RawClient.Answer]) throws {
        var isMost = false
        for _ in 0..<5 where !isMost {
            let again = try ReplayTests.answers(server, drafts: true) {}
            compare(again, expected, "again")
            isMost = accepted(again) * 2 > again.reduce(0) { $0 + $1.ids.count }
        }
        #expect(isMost, "\(server.errors)")
    }

    @Test("answers that push each other out of memory, over three ranks")
    func preempted() throws {
        try Fixtures.withTemporaryDirectory { directory in
            let expected = try DraftModelServingTests.expected(in: directory)
            let server = try ServerProcess(
                model: Self.model,
                ["--decoder-ranks", "3", "--context", "2304", "--kv", "f16"],
                in: directory
            )
            for turn in 0..<2 {
                let found = try ReplayTests.answers(server, drafts: true) {}
                Self.compare(found, expected, "turn \(turn)")
                #expect(Self.accepted(found) > 0)
            }
            #expect(try GroupsTests.report(server).requests.preempted > 0)
            #expect(server.end().status == 0, "\(server.errors)")
        }
    }
}
