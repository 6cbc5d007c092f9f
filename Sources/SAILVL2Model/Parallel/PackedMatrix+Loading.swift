package import Checkpoints
package import Kernels
internal import Tensors

extension PackedMatrix {
    /// Rows that are read before their pages are given back.
    private static let rowsPerRelease = 4096

    /// Packs `rows` × `columns` of a stored matrix under the rows that are there already, from row `start` on.
    ///
    /// Only those bytes of the file are read, and the pages that were read are given back to the system, so that
    /// loading never holds much more than the shard. A stored type other than the matrix's is widened to float32.
    package func load(
        _ tensor: TensorView,
        rows: Range<Int>,
        columns: Range<Int>,
        at start: Int,
        pool: ThreadPool
    ) {
        guard !rows.isEmpty, !columns.isEmpty else { return }
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: Self.rowsPerRelease) {
            let part = first..<min(first + Self.rowsPerRelease, rows.upperBound)
            let place = (start + first - rows.lowerBound)..<(start + part.upperBound - rows.lowerBound)
            if Storage(tensor.elementType) == storage {
                guard let base = tensor.bytes(rows: part).baseAddress else { return }
                let offset = columns.lowerBound * tensor.elementType.byteCount
                pack(base + offset, rowStrideBytes: tensor.rowByteCount, rows: place, pool: pool)
            } else {
                let wide = tensor.floats(rows: part)
                wide.withUnsafeBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    let offset = columns.lowerBound * MemoryLayout<Float>.stride
                    let rowStride = tensor.rowElements * MemoryLayout<Float>.stride
                    pack(base + offset, rowStrideBytes: rowStride, rows: place, pool: pool)
                }
            }
            tensor.releasePages(rows: part)
        }
    }
}
