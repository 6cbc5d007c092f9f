import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Kernels

@Suite("Threads that give way", .ownThread)
struct HelpersTests {
    static func pool(_ threads: Int, _ helpers: Int) -> ThreadPool {
        let pool = ThreadPool(threads: threads, helpers: helpers)
        // Other tests want the processors too.
        pool.helpers?.beIncautious()
        return pool
    }

    /// Whether the calling thread is one of the lowest priority.
    static var isIdle: Bool { sched_getscheduler(0) == 5 }  // SCHED_IDLE

    @Test(
        "every task is computed, and finished exactly once",
        arguments: [(1, 1), (1, 3), (2, 2), (3, 1)],
        [0, 1, 2, 7, 1000]
    )
    func once(count: (threads: Int, helpers: Int), tasks: Int) {
        let pool = Self.pool(count.threads, count.helpers)
        var found = [Float](repeating: 0, count: tasks)
        let expected = (0..<tasks).map { Float(3 * $0 + 1) }
        found.withUnsafeMutableBufferPointer { found in
            pool.step {
                pool.share(tasks, floats: 8) { task, area in
                    area[5] = Float(3 * task)
                } finish: { task, area in
                    found[task] += area[5] + 1
                }
            }
        }
        #expect(found == expected)
    }

    @Test("thousands of small shares lose nothing, and helpers do some of them")
    func stress() {
        let pool = Self.pool(1, 2)
        var random = SeededRandom(seed: 3)
        let deadline = ContinuousClock.now + .seconds(Watchdog.seconds)
        var rounds = 0
        while rounds < 3000 || (pool.tasksOfHelpers == 0 && ContinuousClock.now < deadline) {
            let tasks = Int.random(in: 0...40, using: &random)
            var sums = [Int](repeating: 0, count: tasks)
            let round = rounds
            sums.withUnsafeMutableBufferPointer { sums in
                pool.step {
                    pool.share(tasks, floats: 1) { task, area in
                        area[0] = Float(task + round % 100)
                    } finish: { task, area in
                        sums[task] += Int(area[0])
                    }
                    pool.share(tasks) { sums[$0] += 1000 }
                }
            }
            #expect(sums == (0..<tasks).map { $0 + round % 100 + 1000 })
            rounds += 1
        }
        #expect(pool.tasksOfHelpers > 0)
    }

    @Test("a helper that gets no further holds nobody up, and what it reads stays until it is done")
    func stuck() {
        final class Data: Sendable { let numbers = [Float](repeating: 4, count: 1000) }
        weak var kept: Data?
        final class Flags: Sendable {
            let isStuck = Mutex(false)
            let isOver = Mutex(false)
        }
        let flags = Flags()
        let pool = Self.pool(2, 2)
        do {
            let data = Data()
            kept = data
            for round in 0..<50 {
                var found = [Float](repeating: 0, count: 100)
                found.withUnsafeMutableBufferPointer { found in
                    pool.step {
                        pool.share(100, floats: 1) { [isIdle = Self.isIdle] task, area in
                            if Self.isIdle != isIdle {
                                flags.isStuck.withLock { $0 = true }
                                while !flags.isOver.withLock({ $0 }) { usleep(100) }
                            } else {
                                // The pool's threads leave the helpers something to begin.
                                usleep(20)
                            }
                            area[0] = data.numbers[task]
                        } finish: { task, area in
                            found[task] += area[0] + Float(round)
                        }
                    }
                }
                #expect(found == [Float](repeating: 4 + Float(round), count: 100))
            }
        }
        let isStuck = flags.isStuck.withLock { $0 }
        #expect(isStuck, "no helper has begun anything")
        #expect(kept != nil, "a helper still reads it")
        flags.isOver.withLock { $0 = true }
        pool.settle()
        #expect(kept == nil)
    }

    @Test("helpers have the lowest priority and their own processors, the pool's threads stay as they are")
    func priority() {
        let processors = Self.allowed()
        let pool = ThreadPool(threads: 2, helpers: 2, helperProcessors: [processors[processors.count - 1]])
        pool.helpers?.beIncautious()
        final class Seen: Sendable {
            let idle = Mutex<Set<[Int]>>([])
            let others = Mutex(0)
        }
        let seen = Seen()
        let deadline = ContinuousClock.now + .seconds(Watchdog.seconds)
        while seen.idle.withLock({ $0.isEmpty }), ContinuousClock.now < deadline {
            pool.step {
                pool.share(50, floats: 1) { _, _ in
                    if Self.isIdle {
                        _ = seen.idle.withLock { $0.insert(Self.allowed()) }
                    } else {
                        seen.others.withLock { $0 += Self.allowed() == processors ? 0 : 1 }
                        usleep(50)
                    }
                } finish: { _, _ in
                }
            }
        }
        let (idle, others) = (seen.idle.withLock { $0 }, seen.others.withLock { $0 })
        #expect(idle == [[processors[processors.count - 1]]])
        // Where a pool fills the mask its workers are bound, to one processor each.
        #expect(others == 0 || processors.count == 2)
    }

    /// The processors of the calling thread, as the kernel lists them.
    static func allowed() -> [Int] {
        let status = (try? String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)) ?? ""
        let list = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?.split(separator: "\t")
            .last
        return (list ?? "").split(separator: ",").flatMap { part in
            let ends = part.split(separator: "-").compactMap { Int($0) }
            return ends.count == 2 ? Array(ends[0]...ends[1]) : ends
        }
    }

    @Test("a pool with helpers ends while they have something to do, and while they sleep")
    func ending() {
        for round in 0..<24 {
            let pool = Self.pool(1 + round % 2, 1 + round % 3)
            if round % 4 > 0 { pool.beginStep() }
            if round % 2 > 0 { pool.share(3) { _ in } }
        }
    }
}
