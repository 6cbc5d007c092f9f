import CKernels
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Kernels

@Suite("The row operations of the vision tower")
struct VisionRowsTests {
    /// Every remainder of a vector of sixteen, and a row as long as a tile's.
    private static let lengths = Array(1...35) + [100, 1024]

    private func random(_ count: Int, scale: Float, seed: UInt64 = 3) -> [Float] {
        var generator = SeededRandom(seed: seed)
        return generator.floats(count).map { $0 * scale }
    }

    private func inRows(_ x: [Float], _ body: (Rows) -> Void) -> [Float] {
        var x = x
        x.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            body(Rows(base, count: 1, width: buffer.count))
        }
        return x
    }

    /// The whole softmax: exponentials, then the division.
    private func softmax(_ x: Rows, scale: Float) {
        var divisor: Float = 0
        RowOperations.softmax(x, scale: scale, divisors: &divisor)
        RowOperations.divide(x, by: &divisor)
    }

    @Test("softmax is that of double precision", arguments: lengths)
    func softmax(length: Int) {
        let x = random(length, scale: 80)
        let max = Double(x.max() ?? 0)
        let exact = x.map { exp((Double($0) - max) / 4) }
        let sum = exact.reduce(0, +)
        for (found, expected) in zip(inRows(x) { softmax($0, scale: 0.25) }, exact) {
            // A difference of up to 40 is rounded to 2⁻¹⁹ before its exponential is taken.
            #expect(abs(Double(found) * sum / expected - 1) < 4e-6)
        }
    }

    @Test("softmax of scores far apart is 1 and next to nothing")
    func softmaxFarApart() {
        let result = inRows([0, 1e4, -1e30]) { softmax($0, scale: 1) }
        #expect(result[1] == 1 && result[0] < 1e-37 && result[2] < 1e-37)
    }

    @Test("softmax keeps NaN visible")
    func softmaxNaN() {
        #expect(inRows([0, .nan, 1]) { softmax($0, scale: 1) }.contains { $0.isNaN })
    }

    @Test("LayerNorm is that of double precision", arguments: lengths)
    func layerNorm(length: Int) {
        let (x, weight, bias) = (
            random(length, scale: 3), random(length, scale: 1, seed: 4), random(length, scale: 1, seed: 5),
        )
        let mean = x.reduce(0.0) { $0 + Double($1) } / Double(length)
        let variance = x.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(length)
        let found = inRows(x) { RowOperations.layerNorm($0, weight: weight, bias: bias, epsilon: 1e-5) }
        for index in 0..<length {
            let normed = (Double(x[index]) - mean) / (variance + 1e-5).squareRoot()
            #expect(abs(Double(found[index]) - (normed * Double(weight[index]) + Double(bias[index]))) < 1e-5)
        }
    }

    @Test("GELU is x/2 · erfc(−x/√2)")
    func gelu() {
        let x = random(501, scale: 6) + [0, -0.0, 40, -40]
        for (x, found) in zip(x, inRows(x, RowOperations.gelu)) {
            let exact = Double(x) / 2 * erfc(-Double(x) / 2.0.squareRoot())
            #expect(abs(Double(found) - exact) < 5e-7 + 2e-7 * abs(exact))
        }
    }

    @Test("the plain and the active version give the same bits", arguments: lengths)
    func versions(length: Int) {
        let (x, weight, bias) = (
            random(length, scale: 9), random(length, scale: 1, seed: 4), random(length, scale: 1, seed: 5),
        )
        var (divisor, plainDivisor): (Float, Float) = (0, 0)
        let powers = inRows(x) { RowOperations.softmax($0, scale: 0.3, divisors: &divisor) }
        #expect(powers == inRows(x) { ck_vision_plain_softmax($0.base, $0.width, 1, $0.width, 0.3, &plainDivisor) })
        #expect(divisor == plainDivisor)
        #expect(inRows(x, RowOperations.gelu) == inRows(x) { ck_vision_plain_gelu($0.base, $0.width) })
        let active = inRows(x) { RowOperations.layerNorm($0, weight: weight, bias: bias, epsilon: 1e-5) }
        #expect(active == inRows(x) { ck_vision_plain_layer_norm($0.base, weight, bias, $0.width, 1e-5) })
    }

    @Test("biases and gates touch the rows they are given")
    func elementwise() {
        let bias: [Float] = [1, 2, 3]
        let sum = inRows([10, 20, 30]) { x in bias.withUnsafeBufferPointer { RowOperations.addBias($0, to: x) } }
        #expect(sum == [11, 22, 33])
        var up: [Float] = [2, 4, 8]
        let gated = inRows([0, 30, -30]) { gate in
            up.withUnsafeMutableBufferPointer { buffer in
                guard let base = buffer.baseAddress else { return }
                RowOperations.swiGLU(gate: gate, up: Rows(base, count: 1, width: 3))
            }
        }
        #expect(gated[0] == 0 && gated[1] == 120 && abs(gated[2]) < 1e-9)
    }
}
