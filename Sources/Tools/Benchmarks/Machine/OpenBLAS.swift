package import Diagnostics
internal import Foundation
package import Kernels

/// OpenBLAS's matrix product, one thread a call, called from several of our threads at once: what benchmarks compare with.
///
/// The library is opened when a benchmark asks for it, so that whoever only serves neither links nor needs it. Row-major
/// throughout.
package struct OpenBLAS: Sendable {
    /// The kind of processor that OpenBLAS has kernels for and takes this one for, such as `Haswell`; the environment
    /// variable `OPENBLAS_CORETYPE` chooses another.
    package let coreName: String
    private let multiply: SGEMM

    /// `cblas_sgemm` as cblas.h declares it, in builds whose `blasint` is an `int`, as Debian's is.
    private typealias SGEMM =
        @convention(c) (
            _ order: Int32, _ transposeA: Int32, _ transposeB: Int32, _ m: Int32, _ n: Int32, _ k: Int32,
            _ alpha: Float, _ a: UnsafePointer<Float>, _ strideA: Int32, _ b: UnsafePointer<Float>, _ strideB: Int32,
            _ beta: Float, _ c: UnsafeMutablePointer<Float>, _ strideC: Int32
        ) -> Void
    private typealias SetThreads = @convention(c) (Int32) -> Void
    private typealias CoreName = @convention(c) () -> UnsafePointer<CChar>?
    private enum Order { static let rowMajor: Int32 = 101 }
    private enum Transpose { static let (no, yes): (Int32, Int32) = (111, 112) }

    /// The library of Debian's package libopenblas0.
    package static let libraryName = "libopenblas.so.0"

    /// Opens the library, and makes its calls compute on their caller's thread alone.
    ///
    /// - Parameter library: its name or path.
    /// - Throws: ``OpenBLASMissing`` where it cannot be opened, or is something else.
    package init(library: String = OpenBLAS.libraryName) throws {
        func missing() -> OpenBLASMissing { OpenBLASMissing(library: library, reason: String(cString: dlerror())) }
        guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL) else { throw missing() }
        guard let sgemm = dlsym(handle, "cblas_sgemm"), let threads = dlsym(handle, "openblas_set_num_threads"),
            let core = dlsym(handle, "openblas_get_corename")
        else { throw missing() }
        unsafeBitCast(threads, to: SetThreads.self)(1)
        multiply = unsafeBitCast(sgemm, to: SGEMM.self)
        coreName = unsafeBitCast(core, to: CoreName.self)().map { String(cString: $0) } ?? "unknown"
    }

    /// `c = a · bᵀ`: `a` `[m, k]`, `b` `[n, k]` (a weight matrix as stored), `c` `[m, n]`.
    package func multiplyTransposed(_ a: Rows, _ b: Rows, into c: Rows) {
        precondition(a.width == b.width, "sgemm: [\(a.count), \(a.width)] by [\(b.count), \(b.width)] transposed")
        precondition(
            c.count == a.count && c.width == b.count,
            "sgemm: [\(a.count), \(b.count)] into \(c.count), \(c.width)"
        )
        multiply(
            Order.rowMajor,
            Transpose.no,
            Transpose.yes,
            Int32(c.count),
            Int32(c.width),
            Int32(a.width),
            1,
            a.base,
            Int32(a.stride),
            b.base,
            Int32(b.stride),
            0,
            c.base,
            Int32(c.stride)
        )
    }
}

/// The library that a benchmark compares with cannot be opened.
package struct OpenBLASMissing: OperatorError {
    package let library: String
    /// In the dynamic linker's words.
    package let reason: String

    package var description: String { "OpenBLAS, which this compares with, cannot be opened: \(reason)" }
    package var hint: String? { "install it (apt-get install libopenblas0-pthread); nothing else needs it" }
    package var exitCode: ExitCode { .usage }
}
