internal import COpenBLAS

/// OpenBLAS's matrix products, one thread a call, called from several of our threads at once: what benchmarks of the
/// vision tower compare with. Nothing that is served depends on them.
///
/// Row-major throughout; a leading dimension is the stride of a row in floats.
package enum BLAS {
    /// A row-major matrix in memory that somebody else owns.
    package struct Matrix {
        package let base: UnsafePointer<Float>
        package let rows: Int
        package let columns: Int
        package let stride: Int

        package init(_ base: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int? = nil) {
            precondition(rows >= 1 && columns >= 1, "a matrix of [\(rows), \(columns)]")
            precondition((stride ?? columns) >= columns, "columns \(columns), stride \(stride ?? columns)")
            self.base = base
            self.rows = rows
            self.columns = columns
            self.stride = stride ?? columns
        }
    }

    /// The kind of processor that OpenBLAS has kernels for and takes this one for, e.g. `Haswell`; the environment variable
    /// `OPENBLAS_CORETYPE` chooses another.
    package static var coreName: String { openblas_get_corename().map { String(cString: $0) } ?? "unknown" }

    private static let oneThread: Void = openblas_set_num_threads(1)

    /// Makes every later call of OpenBLAS compute on its caller's thread alone; the products below do it themselves.
    package static func useOneThread() { _ = oneThread }

    /// `c = alpha · a · bᵀ + beta · c`: `a` `[m, k]`, `b` `[n, k]` (a weight matrix as stored), `c` `[m, n]`.
    package static func multiplyTransposed(
        _ a: Matrix,
        _ b: Matrix,
        alpha: Float = 1,
        beta: Float = 0,
        into c: Rows
    ) {
        precondition(a.columns == b.columns, "sgemm: [\(a.rows), \(a.columns)] by [\(b.rows), \(b.columns)] transposed")
        precondition(
            c.count == a.rows && c.width == b.rows,
            "sgemm: [\(a.rows), \(b.rows)] into \(c.count), \(c.width)"
        )
        product(a, b, CblasTrans, alpha, beta, c)
    }

    /// `c = alpha · a · b + beta · c`: `a` `[m, k]`, `b` `[k, n]`, `c` `[m, n]`.
    package static func multiply(_ a: Matrix, _ b: Matrix, alpha: Float = 1, beta: Float = 0, into c: Rows) {
        precondition(a.columns == b.rows, "sgemm: [\(a.rows), \(a.columns)] by [\(b.rows), \(b.columns)]")
        precondition(c.count == a.rows && c.width == b.columns, "sgemm: \(b.columns) columns into \(c.width)")
        product(a, b, CblasNoTrans, alpha, beta, c)
    }

    private static func product(
        _ a: Matrix,
        _ b: Matrix,
        _ transposeB: CBLAS_TRANSPOSE,
        _ alpha: Float,
        _ beta: Float,
        _ c: Rows
    ) {
        useOneThread()
        cblas_sgemm(
            CblasRowMajor,
            CblasNoTrans,
            transposeB,
            blasint(c.count),
            blasint(c.width),
            blasint(a.columns),
            alpha,
            a.base,
            blasint(a.stride),
            b.base,
            blasint(b.stride),
            beta,
            c.base,
            blasint(c.stride)
        )
    }
}
