import CKernels
import Kernels
import TestSupport
import Testing

/// Products of the 8-bit cache against loops over integers.
@Suite("Integer products of attention")
struct KVIntegersTests {
    private static let largest: Float = 32_639

    /// A row by its definition: the integers and their scale.
    private func quantised(_ x: [Float]) -> (integers: [Int], scale: Float) {
        let m = x.map(abs).max() ?? 0
        guard m >= 0x1p-100 else { return (x.map { _ in 0 }, 0) }
        return (x.map { Int(($0 * (Self.largest / m)).rounded(.toNearestOrEven)) }, m / Self.largest)
    }

    /// What a set makes of rows of x and bytes [n / 4][lanes][4], added to `start`.
    private func product(
        _ table: UnsafePointer<ck_kernels>,
        _ bytes: [UInt8],
        lanes: Int,
        _ rows: [[Float]],
        start: Float
    ) -> [Float] {
        let n = rows[0].count
        let stride = 2 + (n + 15) / 16 * 8
        var x = [Float](repeating: .nan, count: rows.count * stride)
        var acc = [Float](repeating: start, count: rows.count * lanes)
        x.withUnsafeMutableBufferPointer { x in
            guard let base = x.baseAddress else { return }
            for (index, row) in rows.enumerated() { table.pointee.kv_quant_x(row, n, base + index * stride) }
            table.pointee.kv_tile.2(bytes, lanes, lanes, n, bytes, base, stride, rows.count, &acc, lanes)
        }
        return acc
    }

    @Test("are exact sums by one scale, in every set", arguments: 1...6)
    func exactSums(width: Int) {
        var random = SeededRandom(seed: UInt64(width))
        for (n, lanes) in [(1, 16), (4, 32), (15, 64), (24, 48), (31, 64), (64, 144), (130, 64), (512, 64)] {
            let padded = (n + 3) / 4 * 4
            let rows = (0..<width).map { _ in random.floats(n).map { $0 * 7 } }
            let bytes = random.floats(padded * lanes).map { UInt8(128 + Int($0 * 127)) }
            var expected: [Float] = []
            for row in rows {
                let (integers, scale) = quantised(row)
                for lane in 0..<lanes {
                    let sum = (0..<n).reduce(0) {
                        $0 + integers[$1] * (Int(bytes[($1 / 4 * lanes + lane) * 4 + $1 % 4]) - 128)
                    }
                    expected.append(Float(0.25).addingProduct(Float(sum), scale))
                }
            }
            for table in [referenceTable] + fastTables {
                #expect(product(table, bytes, lanes: lanes, rows, start: 0.25).bits == expected.bits)
            }
        }
    }

    @Test("do not overflow, whatever the bytes", arguments: [UInt8(0), 1, 255])
    func extremes(byte: UInt8) {
        let n = Int(CK_KV_INT8_SUM)
        for sign: Float in [1, -1] {
            let row = [Float](repeating: 3 * sign, count: n)
            let sum = (Int(byte) - 128) * n * 32_639 * Int(sign)
            for table in [referenceTable] + fastTables {
                let out = product(table, [UInt8](repeating: byte, count: 64 * n), lanes: 64, [row], start: 0)
                #expect(out.allSatisfy { $0 == Float(sum) * (3 / Self.largest) })
            }
        }
    }

    @Test("by nothing are nothing, by no number none, and by infinities none")
    func special() {
        let bytes = [UInt8](repeating: 200, count: 16 * 8)
        for table in [referenceTable] + fastTables {
            for value in [0, -0.0, 0x1p-101, -0x1p-140] as [Float] {
                let out = product(table, bytes, lanes: 16, [[0, value, 0, 0, value, 0, 0]], start: 1.5)
                #expect(out == [Float](repeating: 1.5, count: 16))
            }
            for value in [Float.nan, .infinity, -.infinity] {
                let rows: [[Float]] = [[1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, value, 7]]
                let out = product(table, bytes, lanes: 16, rows, start: 0)
                #expect(out[..<16].allSatisfy { $0.isFinite } && out[16...].allSatisfy { $0.isNaN })
            }
        }
    }

    /// Beside what the cache itself loses, half a step of 1/127 of a key's largest number, that is little.
    @Test("scores lose a hundredth of what the cache does", arguments: [1, 3, 9])
    func accuracy(tail: Int) {
        let (n, keys) = (128, 64)
        var random = SeededRandom(seed: UInt64(100 + tail))
        for _ in 0..<20 {
            let q = random.floats(n).map { x in (0..<tail).reduce(Float(1)) { y, _ in y * x } * 4 }
            let k = (0..<keys).map { _ in random.floats(n) }
            var bytes = [UInt8](repeating: 0, count: n * keys)
            var scales = [Float](repeating: 0, count: keys)
            for (key, numbers) in k.enumerated() {
                var row = [UInt8](repeating: 0, count: n)
                scales[key] = referenceTable.pointee.kv_store.2(numbers, n, &row, 1)
                for d in 0..<n { bytes[(d / 4 * keys + key) * 4 + d % 4] = row[d] }
            }
            let scores = product(referenceTable, bytes, lanes: keys, [q], start: 0)
            var (ours, cache) = (0.0, 0.0)
            for key in 0..<keys {
                let scale = Double(scales[key])
                var (stored, exact) = (0.0, 0.0)
                for d in 0..<n {
                    stored += Double(q[d]) * (Double(bytes[(d / 4 * keys + key) * 4 + d % 4]) - 128) * scale
                    exact += Double(q[d]) * Double(k[key][d])
                }
                ours += (Double(scores[key]) * scale - stored) * (Double(scores[key]) * scale - stored)
                cache += (stored - exact) * (stored - exact)
            }
            #expect(ours.squareRoot() < cache.squareRoot() / 100, "\(ours.squareRoot()) \(cache.squareRoot())")
        }
    }
}
