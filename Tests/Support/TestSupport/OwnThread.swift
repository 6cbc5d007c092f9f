import Foundation
package import Testing

/// Runs `body` on a thread of its own and waits for it without holding a thread of Swift's pool.
///
/// The pool has a thread a processor: two tests that block there stop every other test of the process.
package func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result { try body() }) }
        thread.name = "blocking test"
        thread.start()
    }
}

/// Runs each test of a suite on a thread of its own, which may block: on a process, a socket, a lock.
///
/// As many at once as there are processors, as if they ran on Swift's pool, so that groups of ranks do not crowd each other.
package struct OwnThreadTrait: TestTrait, SuiteTrait, TestScoping {
    package let isRecursive = true

    package func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        await Turns.shared.take()
        let executor = ThreadExecutor(name: test.name)
        do {
            try await withTaskExecutorPreference(executor) { try await function() }
        } catch {
            executor.finish()
            await Turns.shared.giveBack()
            throw error
        }
        executor.finish()
        await Turns.shared.giveBack()
    }
}

extension Trait where Self == OwnThreadTrait {
    /// Each test may block its thread.
    package static var ownThread: OwnThreadTrait { OwnThreadTrait() }
}

/// How many tests may block at once; the others wait without a thread.
private actor Turns {
    static let shared = Turns(count: max(2, ProcessInfo.processInfo.activeProcessorCount))
    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(count: Int) { free = count }

    func take() async {
        if free > 0 { return free -= 1 }
        await withCheckedContinuation { waiting.append($0) }
    }

    func giveBack() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// One thread that runs what a task has to run, in order.
private final class ThreadExecutor: TaskExecutor, @unchecked Sendable {
    // Safe because jobs are only touched under the condition's lock.
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var isFinished = false

    init(name: String) {
        let thread = Thread { [self] in
            while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
        }
        thread.name = name
        // Tests' own stacks were the main pool's before, which are as deep.
        thread.stackSize = 8 << 20
        thread.start()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        condition.lock()
        jobs.append(job)
        condition.signal()
        condition.unlock()
    }

    /// Lets the thread end when nothing is left to do.
    func finish() {
        condition.lock()
        isFinished = true
        condition.signal()
        condition.unlock()
    }

    private func next() -> UnownedJob? {
        condition.lock()
        defer { condition.unlock() }
        while jobs.isEmpty {
            if isFinished { return nil }
            condition.wait()
        }
        return jobs.removeFirst()
    }
}
