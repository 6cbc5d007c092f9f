import CKernels
import TestSupport
import Testing

@Suite("Activations in groups of eight bits")
struct QuantisedTokensTests {
    @Test(
        "have the reference's bytes in every set, whatever stands in the groups beside one",
        arguments: [Int32(128), 8]
    )
    func storm(offset: Int32) {
        var random = SeededRandom(seed: UInt64(offset))
        for _ in 0..<3000 {
            let x = row(&random)
            let expected = quantised(x, offset, referenceTable)
            for table in fastTables { #expect(quantised(x, offset, table) == expected) }
        }
    }

    /// 1 to 400 numbers of many sizes; in some rows zeros, what is no number, or what is too small or too large for a scale.
    private func row(_ random: inout SeededRandom) -> [Float] {
        let size = random.one(of: [Float](arrayLiteral: 1e-38, 1e-4, 1, 1, 1, 1e4, 1e38))
        var x = random.floats(Int.random(in: 1...400, using: &random))
        for index in x.indices { x[index] *= size * random.one(of: [1, 1, 100]) }
        guard Bool.random(using: &random) else { return x }
        let value = random.one(of: [Float](arrayLiteral: 0, .nan, .infinity, -.infinity, .leastNonzeroMagnitude))
        let first = Int.random(in: x.indices, using: &random), count = Int.random(in: 1...40, using: &random)
        for index in first..<min(first + count, x.count) { x[index] = value }
        return x
    }

    /// Groups with bytes of nobody's between them.
    private func quantised(_ x: [Float], _ offset: Int32, _ table: UnsafePointer<ck_kernels>) -> [UInt8] {
        let step = CK_QUANT_X_BYTES + 5
        var out = [UInt8](repeating: 7, count: (x.count + CK_GROUP_COLUMNS - 1) / CK_GROUP_COLUMNS * step)
        table.pointee.quant_x(x, x.count, offset, &out, step)
        return out
    }
}
