import Foundation
package import Testing

/// Runs `body` on a thread of its own and waits for it as Swift's tasks do.
///
/// A test that blocks (in `poll`, on a condition, for a process) must not do so on a thread of Swift's pool: there are as
/// many as processors, and whoever it waits for may need one. The body is still part of the test's task, so that what it
/// expects counts for this test.
package func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withTaskExecutorPreference(ThreadForEach.shared) { try await Hop.run(body) }
}

/// Runs each test of a suite like the body of ``onThread(_:)``.
package struct OwnThread: SuiteTrait, TestTrait, TestScoping {
    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(ThreadForEach.shared) { try await function() }
    }
}

extension Trait where Self == OwnThread {
    /// For tests that block.
    package static var onThread: OwnThread { OwnThread() }
}

private enum Hop {
    /// Nonisolated and asynchronous, so that it runs where the task prefers to.
    nonisolated static func run<T: Sendable>(_ body: @Sendable () throws -> T) async throws -> T { try body() }
}

/// A new thread for each piece of a task between two suspensions.
private final class ThreadForEach: TaskExecutor {
    static let shared = ThreadForEach()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let thread = Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        thread.name = "test"
        thread.stackSize = 8 << 20
        thread.start()
    }
}
