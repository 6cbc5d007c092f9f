import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Tests on threads of their own", .ownThread)
struct OwnThreadTests {
    static let count = max(2, ProcessInfo.processInfo.activeProcessorCount)
    static let inside = Atomic(0)

    /// As many as Swift's pool has threads: on the pool, they would leave none for the tasks that they wait for.
    @Test("blocking tests hold no thread of Swift's pool", arguments: 0..<count)
    func blocking(number: Int) {
        Self.inside.add(1, ordering: .relaxed)
        #expect(Poll.until { Self.inside.load(ordering: .relaxed) == Self.count })
        let done = DispatchSemaphore(value: 0)
        Task.detached { done.signal() }
        #expect(done.wait(timeout: .now() + Watchdog.seconds) == .success)
    }

    @Test("what a body on a thread returns or throws comes back")
    func results() async throws {
        #expect(try await onThread { 7 } == 7)
        await #expect(throws: CancellationError.self) { try await onThread { throw CancellationError() } }
    }
}
