import TestSupport
import Testing

@testable import Sharding

@Suite("The reduction tree")
struct ReductionTreeTests {
    /// The definition, literally: node (level, i) is the sum of its two children.
    static func root(_ leaves: [Float], _ range: Range<Int>, size: Int) -> Float {
        if range.count == 1 { return leaves[range.lowerBound] }
        let half = size / 2
        let middle = range.lowerBound + half
        guard middle < range.upperBound else { return root(leaves, range, size: half) }
        return root(leaves, range.lowerBound..<middle, size: half) + root(leaves, middle..<range.upperBound, size: half)
    }

    static func run(_ program: ReductionTree.Program, on values: [Float]) -> [Float] {
        var stack: [Float] = []
        for (value, merges) in zip(values, program.merges) {
            stack.append(value)
            for _ in 0..<merges {
                let b = stack.removeLast()
                stack.append(stack.removeLast() + b)
            }
        }
        return stack
    }

    @Test("any cut into ranks gives the bits of the definition", arguments: 1...40)
    func cutsAgree(leafCount: Int) {
        var random = SeededRandom(seed: UInt64(leafCount))
        let leaves = random.floats(leafCount)
        let size = sequence(first: 1) { $0 * 2 }.first { $0 >= leafCount } ?? 1
        let expected = Self.root(leaves, 0..<leafCount, size: size)
        let tree = ReductionTree(leafCount: leafCount)
        for ranks in 1...min(leafCount, 9) {
            // Ragged ranges, some of them empty.
            let ends = ((0..<(ranks - 1)).map { _ in Int.random(in: 0...leafCount, using: &random) } + [leafCount])
                .sorted()
            var start = 0
            var partials: [Float] = []
            var nodes: [Range<Int>] = []
            for end in ends {
                let program = tree.program(overLeaves: start..<end)
                partials += Self.run(program, on: Array(leaves[start..<end]))
                nodes += program.partials
                start = end
            }
            let whole = tree.program(over: nodes)
            #expect(whole.partials == [0..<leafCount])
            #expect(Self.run(whole, on: partials) == [expected])
        }
    }

    @Test("a rank with a power of two of aligned leaves sends one partial")
    func alignedShareIsOnePartial() {
        let tree = ReductionTree(leafCount: 32)
        #expect(tree.program(overLeaves: 16..<32).partials == [16..<32])
        #expect(tree.program(overLeaves: 11..<22).partials == [11..<12, 12..<16, 16..<20, 20..<22])
    }

    @Test("the order of additions is not the sequential one, so the test above can fail")
    func orderMatters() {
        let leaves: [Float] = [1e8, 1, -1e8, 1, 3, 1e-7, 7, 1]
        let program = ReductionTree(leafCount: 8).program(overLeaves: 0..<8)
        #expect(Self.run(program, on: leaves) != [leaves.reduce(0, +)])
    }
}
