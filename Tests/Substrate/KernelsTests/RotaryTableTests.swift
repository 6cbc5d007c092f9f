import Foundation
import Kernels
import TestSupport
import Testing

@Suite("Rotary positions")
struct RotaryTableTests {
    @Test("halves are rotated by the angle of their position and frequency", arguments: [16, 24, 128])
    func rotation(headDim: Int) {
        let (heads, positions) = (3, [0, 1, 5, 1023, 1024, 3000])
        let table = RotaryTable(theta: 1_000_000, headDim: headDim)
        var random = SeededRandom(seed: 1)
        let before = random.floats(positions.count * heads * headDim)
        var x = before
        x.withRows(positions.count, width: heads * headDim) {
            table.rotate(ThreadPool(threads: 2), $0, positions: positions)
        }
        for (token, position) in positions.enumerated() {
            for head in 0..<heads {
                let first = (token * heads + head) * headDim
                for i in 0..<headDim / 2 {
                    let angle = Double(position) * pow(1_000_000, -2 * Double(i) / Double(headDim))
                    let (a, b) = (Double(before[first + i]), Double(before[first + headDim / 2 + i]))
                    // The angle is rounded to float32, as in the published code: up to 2^-23 of it is lost.
                    let tolerance = 2e-7 + Double(position) * 0x1p-22
                    #expect(abs(Double(x[first + i]) - (a * cos(angle) - b * sin(angle))) < tolerance)
                    #expect(abs(Double(x[first + headDim / 2 + i]) - (b * cos(angle) + a * sin(angle))) < tolerance)
                }
            }
        }
    }

    @Test("inverse frequencies and angles are rounded as PyTorch rounds them")
    func float32Semantics() {
        // torch: inv = 1 / (1e6 ** (arange(0, 128, 2).float() / 128)); (4099 * inv).cos(), for i = 0, 1, 2, 17, 40
        let expected: [(Int, Float, Float)] = [
            (0, -0.712028801, 0.702150285), (1, -0.235233158, -0.971938968), (2, -0.632165015, -0.774833739),
            (17, -0.709418297, -0.704787672), (40, 0.745896399, 0.666061997),
        ]
        let table = RotaryTable(theta: 1_000_000, headDim: 128)
        var x = [Float](repeating: 0, count: 128)
        for i in 0..<64 { x[i] = 1 }
        x.withRows(1, width: 128) { table.rotate(ThreadPool(threads: 1), $0, positions: [4099]) }
        for (i, cosine, sine) in expected {
            #expect(abs(x[i] - cosine) <= cosine.ulp && abs(x[64 + i] - sine) <= sine.ulp)
        }
    }

    @Test("the table is made as long as asked for, and then grows with need", arguments: [1, 3])
    func growth(threads: Int) {
        let pool = ThreadPool(threads: threads)
        let table = RotaryTable(theta: 10_000, headDim: 8)
        #expect(table.positions == 0)
        table.prepare(positions: 10, pool)
        #expect(table.positions == 10)
        table.prepare(positions: 11, pool)
        #expect(table.positions == 1034)
        table.prepare(positions: 5000)
        #expect(table.positions == 5000)
        // However it came to be, it turns alike.
        let whole = RotaryTable(theta: 10_000, headDim: 8)
        whole.prepare(positions: 5000)
        for position in [0, 9, 10, 11, 1033, 1034, 4999] {
            var (x, y) = ([Float](repeating: 1, count: 8), [Float](repeating: 1, count: 8))
            x.withRows(1, width: 8) { table.rotate(pool, $0, positions: [position]) }
            y.withRows(1, width: 8) { whole.rotate(pool, $0, positions: [position]) }
            #expect(x == y)
        }
        #expect(table.positions == 5000)
    }
}
