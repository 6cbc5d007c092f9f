import CKernels
import Foundation
import Kernels
import TestSupport
import Testing

func exponential(_ x: Double) -> Double { exp(x) }

@Suite("Attention")
struct AttentionTests {
    @Test("agrees with a softmax in double precision", arguments: [16, 24, 30, 128], KVLayout.Element.allCases)
    func accuracy(headDim: Int, element: KVLayout.Element) {
        let problem = AttentionProblem(tokens: 140, kvHeads: 2, group: 3, headDim: headDim, element: element)
        let out = problem.run(ThreadPool(threads: 2), chunks: [140])
        for token in [0, 1, 62, 63, 64, 65, 127, 128, 139] {
            for head in 0..<6 {
                let first = (token * 6 + head) * headDim
                for (result, exact) in zip(out[first..<first + headDim], problem.exact(token: token, head: head)) {
                    #expect(abs(Double(result) - exact) < problem.tolerance)
                }
            }
        }
    }

    @Test("every set gives the reference's bits", arguments: [1, 2, 3, 4], KVLayout.Element.allCases)
    func sets(group: Int, element: KVLayout.Element) throws {
        let reference = try #require(KernelSet.named("ref"))
        for headDim in [16, 24, 31] {
            let problem = AttentionProblem(tokens: 70, kvHeads: 2, group: group, headDim: headDim, element: element)
            let pool = ThreadPool(threads: 1)
            let expected = problem.run(pool, chunks: [70], kernels: reference)
            for kernels in everySet {
                #expect(problem.run(pool, chunks: [3, 60, 7], kernels: kernels).bits == expected.bits)
            }
        }
    }

    @Test("whole, in chunks and token by token are the same bits", arguments: [1, 2, 4], KVLayout.Element.allCases)
    func chunks(group: Int, element: KVLayout.Element) {
        let tokens = 150
        let problem = AttentionProblem(tokens: tokens, kvHeads: 2, group: group, headDim: 32, element: element)
        let pool = ThreadPool(threads: 2)
        let whole = problem.run(pool, chunks: [tokens])
        #expect(problem.run(pool, chunks: [Int](repeating: 1, count: tokens)).bits == whole.bits)
        #expect(problem.run(pool, chunks: [64, 64, 22]).bits == whole.bits)
        #expect(problem.run(pool, chunks: [1, 63, 1, 62, 23]).bits == whole.bits)
    }

    @Test(
        "spans of 512 keys join to the same bits for every cut and thread count",
        arguments: KVLayout.Element.allCases
    )
    func spans(element: KVLayout.Element) {
        let problem = AttentionProblem(tokens: 1100, kvHeads: 1, group: 2, headDim: 16, element: element)
        let whole = problem.run(ThreadPool(threads: 1), chunks: [1100])
        let single = [Int](repeating: 1, count: 12)
        for threads in [1, 4] {
            let pool = ThreadPool(threads: threads)
            #expect(problem.run(pool, chunks: [511, 1, 1, 510, 1, 1, 70] + [5]).bits == whole.bits)
            #expect(problem.run(pool, chunks: [505] + single + [507, 70] + [6]).bits == whole.bits)
            #expect(problem.run(pool, chunks: [1090, 10]).bits == whole.bits)
        }
        for token in [511, 512, 1023, 1024, 1099] {
            for (result, exact) in zip(
                whole[(token * 2 + 1) * 16..<(token * 2 + 2) * 16],
                problem.exact(token: token, head: 1)
            ) {
                #expect(abs(Double(result) - exact) < problem.tolerance)
            }
        }
    }

    @Test("page numbers and what a page held before do not matter", arguments: KVLayout.Element.allCases)
    func pages(element: KVLayout.Element) {
        let problem = AttentionProblem(tokens: 130, kvHeads: 2, group: 2, headDim: 16, element: element)
        let pool = ThreadPool(threads: 2)
        let expected = problem.run(pool, chunks: [130])
        #expect(problem.run(pool, chunks: [100, 30], pages: [5, 0, 3]).bits == expected.bits)

        let cache = KVCachePages(layout: problem.layout, layers: 2, pages: 3)
        var nothing = problem
        (nothing.k, nothing.v) = (problem.k.map { _ in .nan }, problem.v.map { _ in .nan })
        for earlier in [problem, nothing] {
            for cuts in [[0, 130], [0, 70, 71, 130]] {
                let before = SequenceRun(firstRow: 0, tokens: 130, start: 0, pages: [2, 1, 0])
                _ = earlier.step(pool, cache, [before], rows: 0..<130)
                var out: [Float] = []
                for (start, end) in zip(cuts, cuts.dropFirst()) {
                    let run = SequenceRun(firstRow: 0, tokens: end - start, start: start, pages: [0, 1, 2])
                    out += problem.step(pool, cache, [run], rows: start..<end)
                }
                #expect(out.bits == expected.bits)
            }
        }
    }

    @Test("a query that is not finite has no numbers, one of zeros the mean of the values; neither touches others")
    func specialQueries() {
        let (tokens, headDim) = (70, 20)
        for element in KVLayout.Element.allCases {
            let problem = AttentionProblem(tokens: tokens, kvHeads: 1, group: 2, headDim: headDim, element: element)
            var special = problem
            for (row, value) in [(5, Float.nan), (40, .infinity), (131, -.infinity)] {
                special.q[row * headDim + 3] = value
            }
            for d in 0..<headDim { special.q[64 * headDim + d] = 0 }
            for kernels in everySet {
                let pool = ThreadPool(threads: 1)
                let expected = problem.run(pool, chunks: [tokens], kernels: kernels)
                let out = special.run(pool, chunks: [3, 60, 7], kernels: kernels)
                for row in 0..<2 * tokens {
                    let numbers = out[row * headDim..<(row + 1) * headDim]
                    if [5, 40, 131].contains(row) {
                        #expect(numbers.allSatisfy { $0.isNaN })
                    } else if row != 64 {
                        #expect(Array(numbers).bits == Array(expected[row * headDim..<(row + 1) * headDim]).bits)
                    }
                }
                for (result, exact) in zip(out[64 * headDim..<65 * headDim], special.exact(token: 32, head: 0)) {
                    #expect(abs(Double(result) - exact) < problem.tolerance)
                }
            }
        }
    }

    @Test("heads of more numbers than one sum of eight-bit integers may have")
    func largeHeads() throws {
        let reference = try #require(KernelSet.named("ref"))
        let problem = AttentionProblem(tokens: 9, kvHeads: 1, group: 2, headDim: 1030, element: .q8)
        let expected = problem.run(ThreadPool(threads: 1), chunks: [9], kernels: reference)
        for kernels in everySet {
            #expect(problem.run(ThreadPool(threads: 1), chunks: [2, 7], kernels: kernels).bits == expected.bits)
        }
        for (result, exact) in zip(expected[17 * 1030..<18 * 1030], problem.exact(token: 8, head: 1)) {
            #expect(abs(Double(result) - exact) < problem.tolerance)
        }
    }

    @Test("sequences of one step do not see each other")
    func batch() {
        let problem = AttentionProblem(tokens: 90, kvHeads: 2, group: 3, headDim: 24, element: .float32)
        let pool = ThreadPool(threads: 3)
        let cache = KVCachePages(layout: problem.layout, layers: 2, pages: 8)
        let runs = [
            SequenceRun(firstRow: 0, tokens: 20, start: 0, pages: [1]),
            SequenceRun(firstRow: 20, tokens: 0, start: 0, pages: [2]),
            SequenceRun(firstRow: 20, tokens: 70, start: 0, pages: [7, 3]),
        ]
        let out = problem.step(pool, cache, runs, rows: 0..<90)
        let width = problem.queryHeads * problem.headDim
        for (first, count) in [(0, 20), (20, 70)] {
            let alone = KVCachePages(layout: problem.layout, layers: 2, pages: 2)
            let run = SequenceRun(firstRow: 0, tokens: count, start: 0, pages: [0, 1])
            let result = problem.step(pool, alone, [run], rows: first..<first + count)
            #expect(result.bits == Array(out[first * width..<(first + count) * width]).bits)
        }
    }

    @Test("a rank may hold heads from the middle of a group")
    func headOffset() {
        let (tokens, headDim) = (40, 16)
        let whole = AttentionProblem(tokens: tokens, kvHeads: 3, group: 4, headDim: headDim, element: .float16)
        let share = AttentionProblem(
            tokens: tokens,
            kvHeads: 2,
            group: 4,
            headDim: headDim,
            element: .float16,
            queryHeads: 5,
            headOffset: 2
        )
        #expect(share.attention.kvHeads == 2)
        let out = share.run(ThreadPool(threads: 2), chunks: [30, 10])
        for token in [0, 29, 39] {
            for head in 0..<5 {
                let first = (token * 5 + head) * headDim
                for (result, exact) in zip(out[first..<first + headDim], share.exact(token: token, head: head)) {
                    #expect(abs(Double(result) - exact) < 3e-6)
                }
            }
        }
        #expect(whole.attention.kvHeads == 3)
    }
}
