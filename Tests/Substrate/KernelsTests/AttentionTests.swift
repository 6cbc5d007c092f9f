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
                    #expect(abs(Double(result) - exact) < 3e-6)
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
                #expect(abs(Double(result) - exact) < 3e-6)
            }
        }
    }

    @Test("page numbers and what a page held before do not matter")
    func pages() {
        let problem = AttentionProblem(tokens: 130, kvHeads: 2, group: 2, headDim: 16, element: .float16)
        let pool = ThreadPool(threads: 2)
        let expected = problem.run(pool, chunks: [130])
        #expect(problem.run(pool, chunks: [100, 30], pages: [5, 0, 3]).bits == expected.bits)

        let cache = KVCachePages(layout: problem.layout, layers: 2, pages: 3)
        let earlier = SequenceRun(firstRow: 0, tokens: 130, start: 0, pages: [2, 1, 0])
        _ = problem.step(pool, cache, [earlier], rows: 0..<130)
        let again = SequenceRun(firstRow: 0, tokens: 130, start: 0, pages: [0, 1, 2])
        #expect(problem.step(pool, cache, [again], rows: 0..<130).bits == expected.bits)
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
