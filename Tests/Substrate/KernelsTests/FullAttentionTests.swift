import Foundation
import TestSupport
import Testing

@testable import Kernels

@Suite("Full attention")
struct FullAttentionTests {
    private struct Sizes: CustomTestStringConvertible {
        let tokens, heads, headDim: Int
        var width: Int { heads * headDim }
        var testDescription: String { "\(tokens) tokens, \(heads) heads of \(headDim)" }
    }
    private static let sizes = [
        Sizes(tokens: 1, heads: 1, headDim: 1), Sizes(tokens: 7, heads: 3, headDim: 5),
        Sizes(tokens: 49, heads: 2, headDim: 16), Sizes(tokens: 100, heads: 2, headDim: 24),
    ]

    /// `[tokens, width]`, row by row, of q | k | v `[tokens, 3 · width]`.
    private func run(_ sizes: Sizes, _ qkv: [Float], threads: Int, kernels: KernelSet = .active) -> [Float] {
        let words = words(sizes, qkv, .float32, threads: threads, kernels: kernels)
        let out = PackedRows(words.floats, count: sizes.tokens, width: sizes.width, kernels: kernels)
        var result = [Float](repeating: .nan, count: sizes.tokens * sizes.width)
        for tile in 0..<out.tiles {
            let part = out.tokens(tile..<tile + 1)
            for token in part {
                for column in 0..<sizes.width {
                    let place = part.lowerBound * sizes.width + column * part.count + token - part.lowerBound
                    result[token * sizes.width + column] = words.floats[place]
                }
            }
        }
        return result
    }

    /// What the next product reads.
    private func words(
        _ sizes: Sizes,
        _ qkv: [Float],
        _ element: PackedRows.Element,
        threads: Int,
        kernels: KernelSet
    ) -> ScratchMemory {
        let attention = FullAttention(tokens: sizes.tokens, heads: sizes.heads, headDim: sizes.headDim)
        let width = sizes.width
        let memory = ScratchMemory(byteCount: 4 * sizes.tokens * width)
        let out = PackedRows(memory.floats, count: sizes.tokens, width: width, element: element, kernels: kernels)
        let pool = ThreadPool(threads: threads, helpers: threads - 1)
        pool.helpers?.beIncautious()
        defer { pool.settle() }
        var qkv = qkv
        qkv.withRows(sizes.tokens, width: 3 * width) { all in
            // Twice, since the packed keys and values are kept.
            for _ in 0..<2 {
                attention.run(
                    pool,
                    q: all.columns(0..<width),
                    k: all.columns(width..<2 * width),
                    v: all.columns(2 * width..<3 * width),
                    into: out
                )
            }
        }
        return memory
    }

    @Test("is softmax(q kᵀ / √headDim) v of double precision", arguments: sizes)
    private func naive(sizes: Sizes) {
        var random = SeededRandom(seed: 8)
        let (width, dim) = (sizes.width, sizes.headDim)
        let qkv = random.floats(sizes.tokens * 3 * width).map { 3 * $0 }
        let found = run(sizes, qkv, threads: 2)
        func value(_ token: Int, _ part: Int, _ head: Int, _ d: Int) -> Double {
            Double(qkv[token * 3 * width + part * width + head * dim + d])
        }
        for head in 0..<sizes.heads {
            for query in 0..<sizes.tokens {
                let powers = (0..<sizes.tokens).map { key in
                    let dot = (0..<dim).reduce(0.0) { $0 + value(query, 0, head, $1) * value(key, 1, head, $1) }
                    return exp(dot / Double(dim).squareRoot())
                }
                let sum = powers.reduce(0, +)
                for d in 0..<dim {
                    let exact = (0..<sizes.tokens).reduce(0.0) { $0 + powers[$1] / sum * value($1, 2, head, d) }
                    #expect(abs(Double(found[query * width + head * dim + d]) - exact) < 1e-5)
                }
            }
        }
    }

    @Test("gives the same bits on any number of threads and with every instruction set", arguments: sizes)
    private func sameBits(sizes: Sizes) {
        var random = SeededRandom(seed: 9)
        let qkv = random.floats(sizes.tokens * 3 * sizes.width)
        let one = run(sizes, qkv, threads: 1)
        for kernels in everySet {
            for threads in [1, 3] { #expect(run(sizes, qkv, threads: threads, kernels: kernels).bits == one.bits) }
        }
    }

    @Test("is rounded for a product by bfloat16, and nothing else", arguments: sizes, everySet)
    private func rounded(sizes: Sizes, kernels: KernelSet) {
        var random = SeededRandom(seed: 10)
        let qkv = random.floats(sizes.tokens * 3 * sizes.width)
        var exact = run(sizes, qkv, threads: 1)
        let found = words(sizes, qkv, .bfloat16, threads: 3, kernels: kernels)
        let count = sizes.tokens * PackedRows.Element.bfloat16.words(width: sizes.width, kernels: kernels)
        let memory = ScratchMemory(byteCount: 4 * count)
        let expected = PackedRows(
            memory.floats,
            count: sizes.tokens,
            width: sizes.width,
            element: .bfloat16,
            kernels: kernels
        )
        exact.withRows(sizes.tokens, width: sizes.width) { expected.store($0, tiles: 0..<expected.tiles) }
        #expect((0..<count).allSatisfy { found.floats[$0].bitPattern == memory.floats[$0].bitPattern })
    }
}
