import CKernels
import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Logits")
struct LogitsTests {
    @Test("the largest logit is found, the lowest index among equals, for every set", arguments: everySet)
    func argmax(kernels: KernelSet) {
        for n in awkwardLengths where n > 0 {
            for place in Set([0, n / 2, n - 1]) {
                var random = SeededRandom(seed: UInt64(n))
                var x = random.floats(n)
                x[place] = 2
                #expect(Logits.argmax(x, count: n, kernels: kernels) == (place, 2))
                x[n - 1] = 2
                #expect(Logits.argmax(x, count: n, kernels: kernels) == (place, 2))
            }
        }
    }

    @Test("NaN never wins and infinities are numbers", arguments: everySet)
    func unusual(kernels: KernelSet) {
        #expect(Logits.argmax([.nan, -3, .nan, 1, 0], count: 5, kernels: kernels).index == 3)
        #expect(Logits.argmax([-1, .infinity, 5], count: 3, kernels: kernels).index == 1)
        #expect(Logits.argmax([-.infinity, -.infinity], count: 2, kernels: kernels).index == 0)
        #expect(Logits.argmax([.nan, -.infinity], count: 2, kernels: kernels).index == 1)
        #expect(Logits.argmax([.nan, .nan], count: 2, kernels: kernels).index == 0)
    }

    @Test("sums of exponentials over shards are the sums over the whole, for every set", arguments: everySet)
    func sums(kernels: KernelSet) {
        var random = SeededRandom(seed: 2)
        let x = random.floats(5000).map { 10 * $0 }
        let whole = Logits.sumExpBlocks(x, count: 5000, firstRow: 0, shift: 10, factor: 0.5, kernels: kernels)
        var sharded: [Float] = []
        for range in [0..<1024, 1024..<4096, 4096..<5000] {
            sharded += Logits.sumExpBlocks(
                Array(x[range]),
                count: range.count,
                firstRow: range.lowerBound,
                shift: 10,
                factor: 0.5,
                kernels: kernels
            )
        }
        #expect(whole.bits == sharded.bits)
        #expect(whole.count == 5)
        let exact = x.reduce(0.0) { $0 + exp((Double($1) - 10) * 0.5) }
        #expect(abs(whole.reduce(0.0) { $0 + Double($1) } - exact) < 1e-5 * exact)
    }
}
