import Diagnostics
import Foundation
import Kernels
import TestSupport
import Testing

@testable import Benchmarks

@Suite("OpenBLAS")
struct OpenBLASTests {
    @Test("its product agrees with double precision, with strides")
    func product() throws {
        let blas = try OpenBLAS()
        let (m, n, k) = (5, 7, 11)
        var random = SeededRandom(seed: 1)
        var (a, b, c) = (random.floats(m * (k + 2)), random.floats(n * k), random.floats(m * (n + 1)))
        a.withUnsafeMutableBufferPointer { a in
            b.withUnsafeMutableBufferPointer { b in
                c.withUnsafeMutableBufferPointer { c in
                    guard let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress else { return }
                    blas.multiplyTransposed(
                        Rows(a, count: m, width: k, stride: k + 2),
                        Rows(b, count: n, width: k),
                        into: Rows(c, count: m, width: n, stride: n + 1)
                    )
                }
            }
        }
        for i in 0..<m {
            for j in 0..<n {
                let exact = (0..<k).reduce(0.0) { $0 + Double(a[i * (k + 2) + $1]) * Double(b[j * k + $1]) }
                #expect(abs(Double(c[i * (n + 1) + j]) - exact) < 1e-5)
            }
        }
    }

    @Test("a library that is not there, or is another one, is one sentence with a hint")
    func missing() throws {
        for library in ["libnowhere.so.9", "libm.so.6"] {
            let error = #expect(throws: OpenBLASMissing.self) { try OpenBLAS(library: library) }
            #expect(error?.description.hasPrefix("OpenBLAS, which this compares with, cannot be opened: ") == true)
            #expect(error?.description.contains("\n") == false && error?.hint?.contains("libopenblas0") == true)
            #expect(error?.exitCode == .usage)
        }
    }
}
