import Kernels
import TestSupport
import Testing

@Suite("Sum trees")
struct SumTreeTests {
    @Test("a tree knows how many values it leaves and how deep its stack goes")
    func shape() {
        let whole = SumTree(leafEnds: [1, 2, 3, 4], merges: [0, 1, 0, 2])
        #expect((whole.partials, whole.depth, whole.columns) == (1, 3, 4))
        let ragged = SumTree(leafEnds: [4, 9, 10], merges: [0, 0, 1])
        #expect((ragged.partials, ragged.depth, ragged.columns) == (2, 3, 10))
        #expect(SumTree.single(columns: 7) == SumTree(leafEnds: [7], merges: [0]))
    }

    @Test("partial sums are combined in the order of the stack machine", arguments: [1, 3, 255, 256, 257, 20_000])
    func combine(width: Int) {
        let merges: [Int32] = [0, 1, 0, 0, 3, 1]
        var random = SeededRandom(seed: UInt64(width))
        let partials = merges.map { _ in random.floats(width) }
        let expected = (0..<width).map { i -> Float in
            let p = partials.map { $0[i] }
            return ((p[0] + p[1]) + (p[2] + (p[3] + p[4]))) + p[5]
        }
        #expect(combined(partials, merges, width).bits == expected.bits)
    }

    @Test("one partial sum is copied")
    func single() {
        #expect(combined([[1, -0.0, 3]], [0], 3).bits == [Float(1), -0.0, 3].bits)
    }

    private func combined(_ partials: [[Float]], _ merges: [Int32], _ width: Int) -> [Float] {
        let flat = partials.flatMap { $0 }
        var out = [Float](repeating: .nan, count: width)
        flat.withUnsafeBufferPointer { flat in
            guard let base = flat.baseAddress else { return }
            let pointers = partials.indices.map { base + $0 * width }
            TreeCombine.run(ThreadPool(threads: 2), partials: pointers, merges: merges, into: &out, width: width)
        }
        return out
    }
}
