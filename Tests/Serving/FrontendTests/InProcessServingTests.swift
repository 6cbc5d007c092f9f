import Foundation
import Requests
import ServingCore
import TestSupport
import Testing
import Tokenization

@testable import Frontend

/// How the process in front waits for the group whose requests it serves.
@Suite("In-process serving", .ownThread)
struct InProcessServingTests {
    @Test("while the core waits for no time, the front does not look again and again, however long ago it began")
    func pause() {
        for now in [Duration.zero, .milliseconds(950), .seconds(2), .seconds(86_400)] {
            #expect(InProcessServing.pause(until: nil, now: now) == .milliseconds(100))
            #expect(InProcessServing.pause(until: now + .seconds(9), now: now) == .milliseconds(100))
            #expect(InProcessServing.pause(until: now + .milliseconds(3), now: now) == .milliseconds(3))
            #expect(InProcessServing.pause(until: now, now: now) == .zero)
            #expect(InProcessServing.pause(until: .zero, now: now) == .zero)
        }
    }

    /// A group that says nothing until it has been asked for a while, and then that it has ended.
    private final class MuteGroup: ServedGroup {
        private let began = ContinuousClock.now
        var limits: [Duration] = []

        func send(_ command: LinkCommand) {}
        func encode(_ job: ImageJob, _ bytes: [UInt8]) {}
        func forget(_ images: [Int32]) {}
        func end(byForce: Bool) {}
        func tell(_ hear: @escaping @Sendable (GroupNews, Data) -> Void) -> Bool { false }

        func next(within limit: Duration) -> (news: GroupNews, attachment: Data)? {
            if ContinuousClock.now - began > .seconds(2) { return (.ended(nil), Data()) }
            limits.append(limit)
            Thread.sleep(forTimeInterval: limit / .seconds(1))
            return nil
        }
    }

    @Test("a group that says nothing for two seconds is asked some twenty times, not as often as a processor can")
    func calls() throws {
        let group = MuteGroup()
        let policy = RestartPolicy(decoderRanks: 1) { _ in false }
        let tokenizer = try Tokenizer(directory: Fixtures.url("mini-bf16"))
        let serving = InProcessServing(CoreLimits(), tokenizer: tokenizer, policies: [policy], handlers: .init()) { _ in
            group
        }
        #expect(throws: (any Error).self) { try serving.run(inFlight: 1) { nil } }
        #expect(!group.limits.isEmpty && group.limits.allSatisfy { $0 > .zero })
        #expect(group.limits.count <= 30)
    }
}
