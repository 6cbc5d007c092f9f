import Testing

@testable import Kernels

@Suite("Thread pool")
struct ThreadPoolTests {
    @Test("every task is done exactly once", arguments: [1, 2, 3, 8], [0, 1, 2, 7, 1000])
    func once(threads: Int, tasks: Int) {
        let pool = ThreadPool(threads: threads)
        var counts = [Int](repeating: 0, count: tasks)
        counts.withUnsafeMutableBufferPointer { counts in
            pool.run(tasks) { counts[$0] += 1 }
        }
        #expect(counts == [Int](repeating: 1, count: tasks))
    }

    @Test("thousands of tiny runs, inside steps and outside, lose nothing", arguments: [2, 5])
    func stress(threads: Int) {
        let pool = ThreadPool(threads: threads)
        let rounds = 2000
        var sums = [Int](repeating: 0, count: 16)
        sums.withUnsafeMutableBufferPointer { sums in
            for _ in 0..<20 {
                pool.step {
                    for round in 0..<rounds / 20 { pool.run(1 + round % 16) { sums[$0] += 1 } }
                }
                pool.run(16) { sums[$0] += 1 }
            }
        }
        let expected = (0..<16).map { task in
            20 * (1 + (0..<rounds / 20).reduce(0) { $0 + ($1 % 16 >= task ? 1 : 0) })
        }
        #expect(sums == expected)
    }

    @Test("several pools with more threads than processors finish together")
    func oversubscribed() async {
        await withTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let pool = ThreadPool(threads: 3)
                    var done = [Int](repeating: 0, count: 12)
                    done.withUnsafeMutableBufferPointer { done in
                        pool.step { for _ in 0..<500 { pool.run(12) { done[$0] += 1 } } }
                    }
                    return done.reduce(0, +)
                }
            }
            for await sum in group { #expect(sum == 6000) }
        }
    }

    @Test("threads have numbers below the thread count, and work areas of their own")
    func numbers() {
        let pool = ThreadPool(threads: 3)
        var seen = [Int](repeating: -1, count: 300)
        seen.withUnsafeMutableBufferPointer { seen in
            pool.run(300) { task, thread in seen[task] = thread }
        }
        #expect(seen.allSatisfy { (0..<3).contains($0) })
    }

    @Test("ranges cover everything once", arguments: [0, 1, 5, 64, 1001], [1, 7, 64, 5000])
    func ranges(count: Int, grain: Int) {
        let pool = ThreadPool(threads: 2)
        var counts = [Int](repeating: 0, count: count)
        counts.withUnsafeMutableBufferPointer { counts in
            pool.runRanges(count, grain: grain) { for index in $0 { counts[index] += 1 } }
        }
        #expect(counts == [Int](repeating: 1, count: count))
    }

    @Test("closures can be lent by this compiler, and copied where they could not", arguments: [1, 2, 5])
    func lending(threads: Int) {
        #expect(BorrowedTask.isSound)
        let pool = ThreadPool(threads: threads)
        for tasks in [0, 1, 7, 100] {
            var (lent, copied) = ([Int](repeating: 0, count: tasks), [Int](repeating: 0, count: tasks))
            lent.withUnsafeMutableBufferPointer { lent in
                copied.withUnsafeMutableBufferPointer { copied in
                    pool.run(tasks) { task, _ in lent[task] += 3 * task }
                    pool.runCopied(tasks) { task, _ in copied[task] += 3 * task }
                }
            }
            #expect(lent == copied && lent == (0..<tasks).map { 3 * $0 })
        }
    }

    @Test("a run from inside a task is our own bug and stops the program")
    func nested() async {
        await #expect(processExitsWith: .failure) {
            let pool = ThreadPool(threads: 2)
            pool.run(2) { (_: Int) in pool.run(2) { (_: Int) in } }
        }
    }
}
