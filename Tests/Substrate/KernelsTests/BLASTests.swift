import Kernels
import TestSupport
import Testing

@Suite("BLAS")
struct BLASTests {
    @Test("both products agree with double precision, with strides, alpha and beta")
    func products() {
        let (m, n, k) = (5, 7, 11)
        var random = SeededRandom(seed: 1)
        let (a, b, c) = (random.floats(m * (k + 2)), random.floats(77), random.floats(m * (n + 1)))
        for transposed in [true, false] {
            var out = c
            out.withRows(m, width: n, stride: n + 1) { out in
                let left = BLAS.Matrix(a, rows: m, columns: k, stride: k + 2)
                if transposed {
                    BLAS.multiplyTransposed(left, .init(b, rows: n, columns: k), alpha: 0.5, beta: 2, into: out)
                } else {
                    BLAS.multiply(left, .init(b, rows: k, columns: n), alpha: 0.5, beta: 2, into: out)
                }
            }
            for i in 0..<m {
                for j in 0..<n {
                    let dot = (0..<k).reduce(0.0) { sum, l in
                        sum + Double(a[i * (k + 2) + l]) * Double(transposed ? b[j * k + l] : b[l * n + j])
                    }
                    let exact = 0.5 * dot + 2 * Double(c[i * (n + 1) + j])
                    #expect(abs(Double(out[i * (n + 1) + j]) - exact) < 1e-5)
                }
            }
        }
    }

    @Test("calls from several of our threads at once give what one call gives")
    func threads() {
        let side = 96
        var random = SeededRandom(seed: 2)
        let (a, b) = (random.floats(side * side), random.floats(side * side))
        var results = [Float](repeating: 0, count: 16 * side * side)
        results.withRows(16, width: side * side) { results in
            ThreadPool(threads: 4).run(16) { task in
                let out = Rows(results.row(task), count: side, width: side)
                BLAS.multiplyTransposed(
                    .init(a, rows: side, columns: side),
                    .init(b, rows: side, columns: side),
                    into: out
                )
            }
        }
        let first = results[..<(side * side)]
        for task in 1..<16 { #expect(results[task * side * side..<(task + 1) * side * side].elementsEqual(first)) }
        #expect(Set(first).count > 1000)
    }
}
