import CKernels
import Foundation
import Kernels
import Tensors
import TestSupport
import Testing

@Suite("Row kernels")
struct RowKernelsTests {
    @Test("RMSNorm is close to double precision, for every set", arguments: everySet)
    func rmsNorm(kernels: KernelSet) {
        for width in awkwardLengths where width > 0 {
            var (x, weight) = (random(2 * width, 1), random(width, 2))
            var y = [Float](repeating: .nan, count: 2 * width)
            let pool = ThreadPool(threads: 1)
            x.withRows(2, width: width) { x in
                y.withRows(2, width: width) {
                    RMSNorm.run(pool, x, weight: &weight, epsilon: 1e-6, into: $0, kernels: kernels)
                }
            }
            for row in 0..<2 {
                let values = x[row * width..<(row + 1) * width].map(Double.init)
                let scale = 1 / (values.reduce(0) { $0 + $1 * $1 } / Double(width) + 1e-6).squareRoot()
                for i in 0..<width {
                    let exact = values[i] * scale * Double(weight[i])
                    #expect(abs(Double(y[row * width + i]) - exact) <= 2e-6 * abs(exact))
                }
            }
        }
    }

    @Test("every faster set gives the reference's bits at every length and alignment", arguments: [0, 1, 3, 5])
    func sameBits(offset: Int) {
        let reference = referenceTable.pointee
        for fast in fastTables.map(\.pointee) {
            for n in awkwardLengths {
                let (first, second) = (buffer(random(n + offset, 3, by: 20)), buffer(random(n + offset, 4)))
                let (x, y) = (first.pointer + offset, second.pointer + offset)
                #expect(
                    rows(n, offset) { reference.swiglu(x, y, $0, n) }
                        == rows(n, offset) { fast.swiglu(x, y, $0, n) }
                )
                #expect(
                    rows(n, offset) { reference.exp(x, $0, n) }
                        == rows(n, offset) { fast.exp(x, $0, n) }
                )
                #expect(
                    rows(n, offset) { reference.rms_norm(x, n, $0, n, 1, n, y, 1e-6) }
                        == rows(n, offset) { fast.rms_norm(x, n, $0, n, 1, n, y, 1e-6) }
                )
            }
        }
    }

    @Test("per-head norms are row norms of the heads and leave other columns alone")
    func perHead() {
        let (tokens, heads, headDim, stride) = (3, 2, 24, 60)
        var weight = random(headDim, 5)
        let before = random(tokens * stride, 6)
        var x = before
        let pool = ThreadPool(threads: 2)
        x.withRows(tokens, width: stride) { rows in
            RMSNorm.perHead(
                pool,
                rows.columns(6..<6 + heads * headDim),
                headDim: headDim,
                weight: &weight,
                epsilon: 1e-6
            )
        }
        for token in 0..<tokens {
            for head in 0..<heads {
                let first = token * stride + 6 + head * headDim
                var (input, output) = (Array(before[first..<first + headDim]), [Float](repeating: 0, count: headDim))
                input.withRows(1, width: headDim) { from in
                    output.withRows(1, width: headDim) {
                        RMSNorm.run(pool, from, weight: &weight, epsilon: 1e-6, into: $0)
                    }
                }
                #expect(Array(x[first..<first + headDim]) == output)
            }
            #expect(x[token * stride..<token * stride + 6] == before[token * stride..<token * stride + 6])
            #expect(x[token * stride + 54..<(token + 1) * stride] == before[token * stride + 54..<(token + 1) * stride])
        }
    }

    @Test("the exponential function is within 2 units in the last place, subnormal results included")
    func expAccuracy() {
        let x = stride(from: -104.0, through: 89.0, by: 0.00173).map { Float($0) }
        for (argument, result) in zip(x, rows(x.count, 0) { KernelTable.active.exp(x, $0, x.count) }.map(value)) {
            let exact = exp(Double(argument))
            let unit = Double(max(Float(exact), Float.leastNormalMagnitude).ulp)
            if exact > Double(Float.greatestFiniteMagnitude) {
                #expect(result == .infinity)
            } else {
                #expect(abs(Double(result) - exact) <= 2 * unit, "exp(\(argument)) = \(result)")
            }
        }
    }

    @Test("the exponential function has its limits")
    func expLimits() {
        let x: [Float] = [-.infinity, -1e30, -200, 0, -0.0, 200, .infinity, .nan]
        let results = rows(x.count, 0) { KernelTable.active.exp(x, $0, x.count) }.map(value)
        #expect(Array(results[..<7]) == [0, 0, 0, 1, 1, .infinity, .infinity])
        #expect(results[7].isNaN)
    }

    @Test("SwiGLU of strided rows is silu(gate) · up", arguments: [1, 5])
    func swiglu(tokens: Int) {
        let width = 5000
        var fused = random(tokens * 2 * width, 7, by: 30)
        var out = [Float](repeating: .nan, count: tokens * width)
        fused.withRows(tokens, width: 2 * width) { rows in
            out.withRows(tokens, width: width) {
                let (gate, up) = (rows.columns(0..<width), rows.columns(width..<2 * width))
                SwiGLU.run(ThreadPool(threads: 2), gate: gate, up: up, into: $0)
            }
        }
        for (index, result) in out.enumerated() {
            let first = index / width * 2 * width + index % width
            let (gate, up) = (Double(fused[first]), Double(fused[first + width]))
            let exact = gate / (1 + exp(-gate)) * up
            #expect(abs(Double(result) - exact) <= 1e-6 * abs(exact))
        }
    }

    @Test("a residual is added row by row")
    func residual() {
        var (x, y) = (random(4 * 9, 8), random(4 * 7, 9))
        let before = x
        x.withRows(4, width: 7, stride: 9) { x in
            y.withRows(4, width: 7) { Residual.add(ThreadPool(threads: 2), $0, to: x) }
        }
        for index in 0..<36 where index % 9 < 7 { #expect(x[index] == before[index] + y[index / 9 * 7 + index % 9]) }
        for index in 0..<36 where index % 9 >= 7 { #expect(x[index] == before[index]) }
    }

    private func random(_ count: Int, _ seed: UInt64, by factor: Float = 1) -> [Float] {
        var random = SeededRandom(seed: seed)
        return random.floats(count).map { $0 * factor }
    }

    /// The bits that `body` writes at an offset, with a guard behind them.
    private func rows(_ n: Int, _ offset: Int, _ body: (UnsafeMutablePointer<Float>) -> Void) -> [UInt32] {
        let out = buffer([Float](repeating: 7, count: n + offset + 1))
        body(out.pointer + offset)
        #expect(out[n + offset] == 7 && out.array[..<offset].allSatisfy { $0 == 7 })
        return out.array[offset..<n + offset].map(\.bitPattern)
    }

    /// The numbers at an address that is a multiple of 64.
    private func buffer(_ values: [Float]) -> FloatBuffer {
        let buffer = FloatBuffer(count: values.count)
        for (index, value) in values.enumerated() { buffer[index] = value }
        return buffer
    }

    private func value(_ bits: UInt32) -> Float { Float(bitPattern: bits) }
}

/// The table of the active set.
enum KernelTable {
    static var active: ck_kernels { ckernels_active().pointee }
}
