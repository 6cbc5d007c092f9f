package import Checkpoints
package import Kernels
internal import Tensors

extension PackedMatrix {
    /// Bytes of the file that are read before their pages are given back.
    private static let bytesPerRelease = 32 << 20

    /// Packs, rounds or quantises `rows` × `columns` of a stored matrix under the rows that are there already, from row `start` on.
    ///
    /// Only those bytes of the file are read; while a part is packed the next one is read ahead, and the pages of
    /// a part that is done are given back to the system, so that loading never holds much more than the shard. A
    /// float32 matrix takes a stored type other than its own widened.
    ///
    /// - Parameter importance: of each of `columns`, where scales are chosen by it; see `pack`.
    package func load(
        _ tensor: TensorView,
        rows: Range<Int>,
        columns: Range<Int>,
        at start: Int,
        importance: [Float]? = nil,
        pool: ThreadPool
    ) {
        guard !rows.isEmpty, !columns.isEmpty else { return }
        let panels = max(1, Self.bytesPerRelease / (Self.panelRows * tensor.rowByteCount))
        let rowsPerPart = panels * Self.panelRows
        tensor.willNeed(rows: rows.lowerBound..<min(rows.lowerBound + rowsPerPart, rows.upperBound))
        for first in stride(from: rows.lowerBound, to: rows.upperBound, by: rowsPerPart) {
            let part = first..<min(first + rowsPerPart, rows.upperBound)
            let place = (start + first - rows.lowerBound)..<(start + part.upperBound - rows.lowerBound)
            tensor.willNeed(rows: part.upperBound..<min(part.upperBound + rowsPerPart, rows.upperBound))
            if storage.packs(tensor.elementType) {
                guard let base = tensor.bytes(rows: part).baseAddress else { return }
                pack(
                    base + columns.lowerBound * tensor.elementType.byteCount,
                    of: tensor.elementType,
                    rowStrideBytes: tensor.rowByteCount,
                    rows: place,
                    importance: importance,
                    pool: pool
                )
            } else {
                let wide = tensor.floats(rows: part)
                wide.withUnsafeBytes { bytes in
                    guard let base = bytes.baseAddress else { return }
                    let offset = columns.lowerBound * MemoryLayout<Float>.stride
                    let rowStride = tensor.rowElements * MemoryLayout<Float>.stride
                    pack(
                        base + offset,
                        of: .float32,
                        rowStrideBytes: rowStride,
                        rows: place,
                        importance: importance,
                        pool: pool
                    )
                }
            }
            tensor.releasePages(rows: part)
        }
    }
}
