internal import CKernels
package import Tensors

extension PackedMatrix {
    /// Repacks, rounds or quantises consecutive rows; a matrix may be filled by several calls (`q`, `k` and `v` as one
    /// product).
    ///
    /// All threads work, each on whole panels. What a quantised row becomes depends on that row alone, and not on the
    /// instruction set. A group with an infinity or a NaN becomes NaN.
    ///
    /// - Parameters:
    ///   - source: Row `rows.lowerBound`'s first needed column; any alignment.
    ///   - type: The numbers of the source. Quantised storages and pairs of bfloat16 take every type, the latter rounded
    ///     to nearest, ties to even; others take their own alone.
    ///   - rowStrideBytes: Bytes from one source row to the next, at least `columns` elements.
    ///   - rows: Where the rows go in this matrix; all columns are filled.
    ///   - importance: What each column's squared error counts where scales are chosen (`q4`): finite, not negative. By
    ///     default all count alike.
    package func pack(
        _ source: UnsafeRawPointer,
        of type: ElementType,
        rowStrideBytes: Int,
        rows range: Range<Int>,
        importance: [Float]? = nil,
        pool: ThreadPool,
        kernels: KernelSet = .active
    ) {
        precondition(importance?.count ?? columns == columns, "pack: importance of \(importance?.count ?? 0) columns")
        precondition(isWritable, "pack: into memory that is mapped")
        precondition(storage.packs(type), "pack: \(type) into \(storage)")
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "pack: rows \(range) of \(rows)")
        precondition(rowStrideBytes >= columns * type.byteCount, "pack: a row stride of \(rowStrideBytes) bytes")
        guard !range.isEmpty else { return }
        guard let importance else { return packPanels(range, source, type, rowStrideBytes, nil, pool, kernels) }
        importance.withUnsafeBufferPointer {
            packPanels(range, source, type, rowStrideBytes, $0.baseAddress, pool, kernels)
        }
    }

    private func packPanels(
        _ range: Range<Int>,
        _ source: UnsafeRawPointer,
        _ type: ElementType,
        _ rowStrideBytes: Int,
        _ importance: UnsafePointer<Float>?,
        _ pool: ThreadPool,
        _ kernels: KernelSet
    ) {
        let (table, code) = (kernels.table, type.code)
        let firstPanel = range.lowerBound / 16
        pool.run(PackedMatrix.panelCount(rows: range.upperBound) - firstPanel) { task in
            let panel = firstPanel + task
            let begin = max(range.lowerBound, panel * 16)
            let end = min(range.upperBound, (panel + 1) * 16)
            let row = source + (begin - range.lowerBound) * rowStrideBytes
            if storage.isQuantised {
                withUnsafePointer(to: quantised) {
                    ck_quant_pack(table, $0, panel, begin, end, row, code, rowStrideBytes, importance)
                }
            } else {
                withUnsafePointer(to: matrix) {
                    ck_matrix_pack(table, $0, panel, begin, end, row, code, rowStrideBytes)
                }
            }
        }
    }

    /// The same from the storage's own type.
    package func pack(_ source: UnsafeRawPointer, rowStrideBytes: Int, rows range: Range<Int>, pool: ThreadPool) {
        guard let type = storage.elementType else { preconditionFailure("pack: \(storage) from what type?") }
        pack(source, of: type, rowStrideBytes: rowStrideBytes, rows: range, pool: pool)
    }
}

extension ElementType {
    var code: ck_source {
        switch self {
        case .float32: CK_FROM_FLOAT32
        case .bfloat16: CK_FROM_BFLOAT16
        case .float16: CK_FROM_FLOAT16
        }
    }
}
