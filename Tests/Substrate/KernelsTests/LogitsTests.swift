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

    @Test("a scan finds the largest number and every NaN, for every set", arguments: everySet)
    func scan(kernels: KernelSet) {
        for n in awkwardLengths where n > 0 {
            var random = SeededRandom(seed: UInt64(n))
            var x = random.floats(n)
            for place in Set([0, n / 2, n - 1]) {
                x[place] = 2
                #expect(Logits.scan(x, count: n, kernels: kernels) == (true, 2))
                x[place] = .nan
                let (hasNoNaN, largest) = Logits.scan(x, count: n, kernels: kernels)
                #expect(!hasNoNaN && largest == x.filter { !$0.isNaN }.max() ?? -.infinity)
                x[place] = -.infinity
            }
        }
        #expect(Logits.scan([-.infinity, -.infinity], count: 2, kernels: kernels) == (true, -.infinity))
    }

    @Test("selection gives what sorting would, ties by index, for every set", arguments: everySet)
    func select(kernels: KernelSet) {
        for n in awkwardLengths + [5000] where n > 0 {
            for (round, most) in [1, 2, 7, 20, 256].enumerated() {
                var random = SeededRandom(seed: UInt64(n + most))
                var x = random.floats(n)
                if round % 2 == 0 { x = x.map { ($0 * 3).rounded() } }
                if round == 3 { x.sort() }
                if n > 20 { (x[3], x[9], x[17]) = (-.infinity, .nan, -0.0) }
                var found = [Candidate](repeating: Candidate(logit: 0, token: 0), count: 2 * most)
                let count = Logits.select(x, count: n, first: 100, most: most, into: &found, kernels: kernels)
                #expect(Candidate.sortBest(most, of: &found, count: count) == count)
                let order = x.indices.filter { !x[$0].isNaN }
                    .sorted { x[$0] != x[$1] ? x[$0] > x[$1] : $0 < $1 }
                #expect(found.prefix(count).map(\.token) == order.prefix(most).map { Int32(100 + $0) })
                #expect(found.prefix(count).map(\.logit) == order.prefix(most).map { x[$0] })
            }
        }
    }

    @Test("a draw is the arg-max of logit / temperature + noise, for every set", arguments: everySet)
    func draw(kernels: KernelSet) {
        for n in awkwardLengths + [5000] where n > 0 {
            for (round, temperature) in [0.3, 1, 2.5, Float.leastNonzeroMagnitude].enumerated() {
                var random = SeededRandom(seed: UInt64(n + round))
                let x = random.floats(n).map { $0 * (round == 1 ? 0.001 : 8) }
                let key = random.next()
                let first = round * 1000
                let all = x.enumerated().map { index, logit in
                    let token = Int32(first + index)
                    return Draw(
                        value: logit / temperature + Logits.noise(key, token: token),
                        logit: logit,
                        token: token
                    )
                }
                let best = all.dropFirst().reduce(all[0]) { $1.isBetter(than: $0) ? $1 : $0 }
                let found = Logits.draw(
                    x,
                    count: n,
                    first: first,
                    temperature: temperature,
                    noise: key,
                    kernels: kernels
                )
                #expect(found == best, "\(n) at \(temperature)")
            }
        }
    }

    @Test("sums of weights have the same bits in any parts and set, and are right", arguments: [0, 0.5, 2] as [Float])
    func weights(temperature: Float) {
        var random = SeededRandom(seed: 2)
        var x = random.floats(5001).map { 10 * $0 }
        (x[0], x[77]) = (10, -.infinity)
        var all: Set<[UInt64]> = []
        for kernels in everySet {
            for ends in [[5001], [1024, 4096, 5001], [1, 17, 2500, 5000, 5001]] {
                var sum = ExactSum()
                for (start, end) in zip([0] + ends, ends).reversed() {
                    sum += Logits.weights(
                        Array(x[start..<end]),
                        count: end - start,
                        shift: 10,
                        temperature: temperature,
                        kernels: kernels
                    )
                }
                all.insert([sum.high.bitPattern, sum.low.bitPattern])
                let exact = x.reduce(0.0) {
                    $0 + exp(temperature == 0 ? Double($1) - 10 : Double(($1 - 10) / temperature))
                }
                #expect(abs(sum.value - exact) < 1e-12 * exact)
            }
        }
        #expect(all.count == 1)
    }
}
