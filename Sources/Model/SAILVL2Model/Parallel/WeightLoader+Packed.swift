internal import Checkpoints
internal import Kernels
internal import Synchronization

// A packed checkpoint: a rank's part of a matrix is one range of the file's bytes.
extension WeightLoader {
    /// Bytes that one thread reads at once.
    private static let pieceBytes = 4 << 20

    /// Rows of a packed matrix of one column block.
    func stored(_ name: String, rows: Range<Int>) throws -> PackedMatrix {
        let tensor = checkpoint.packed(name)
        let storage = tensor.storage
        guard rows.lowerBound % PackedMatrix.panelRows == 0 else {
            return repacked(tensor, rows: rows)
        }
        let before = rows.lowerBound
        let start = before == 0 ? 0 : PackedMatrix.byteCount(rows: before, columns: tensor.columns, storage: storage)
        let count = PackedMatrix.byteCount(rows: rows.count, columns: tensor.columns, storage: storage)
        return try matrix(tensor, start..<start + count, rows: rows.count, columns: tensor.columns)
    }

    /// Columns of a packed matrix: whole blocks.
    func stored(_ name: String, columns: Range<Int>) throws -> PackedMatrix {
        let tensor = checkpoint.packed(name)
        let block = tensor.blockColumns
        precondition(columns.lowerBound % block == 0, "columns \(columns) of \(name) cut a block of \(block)")
        let storage = tensor.storage
        let blockBytes = PackedMatrix.blockByteCount(rows: tensor.rows, columns: block, storage: storage)
        let start = columns.lowerBound / block * blockBytes
        let count = PackedMatrix.byteCount(
            rows: tensor.rows,
            columns: columns.count,
            storage: storage,
            blockColumns: block
        )
        return try matrix(tensor, start..<start + count, rows: tensor.rows, columns: columns.count)
    }

    private func matrix(_ tensor: PackedTensor, _ bytes: Range<Int>, rows: Int, columns: Int) throws -> PackedMatrix {
        let (base, owner) = try placed(tensor, bytes)
        return PackedMatrix(
            rows: rows,
            columns: columns,
            storage: tensor.storage,
            blockColumns: tensor.blockColumns,
            mapped: base,
            owner: owner
        )
    }

    /// Where the rank holds `bytes` of a matrix, and what keeps them there.
    private func placed(_ tensor: PackedTensor, _ bytes: Range<Int>) throws -> (UnsafeRawPointer, AnyObject) {
        switch placement {
        case .copy, .keep:
            return try copied(tensor, bytes)
        case .map:
            populate(tensor, bytes)
        case .lock:
            if let code = tensor.lock(bytes) { throw MemoryLockError(file: tensor.file, bytes: bytes.count, code) }
        }
        guard let base = tensor.bytes(bytes).baseAddress else { preconditionFailure("\(tensor.name) is empty") }
        return (base, tensor.owner)
    }

    /// Rows that begin inside a panel: neither a mapping nor a copy of bytes can serve them.
    private func repacked(_ tensor: PackedTensor, rows: Range<Int>) -> PackedMatrix {
        guard let base = tensor.bytes(0..<tensor.byteRange.count).baseAddress else {
            preconditionFailure("\(tensor.name) is empty")
        }
        let storage = tensor.storage
        let whole = PackedMatrix(
            rows: tensor.rows,
            columns: tensor.columns,
            storage: storage,
            mapped: base,
            owner: tensor.owner
        )
        let matrix = PackedMatrix(rows: rows.count, columns: tensor.columns, storage: storage, in: arena)
        if !arena.isFilled { matrix.copyRows(rows, of: whole) }
        tensor.release(0..<tensor.byteRange.count)
        return matrix
    }

    /// Reads with all threads, past the mapping.
    private func copied(_ tensor: PackedTensor, _ bytes: Range<Int>) throws -> (UnsafeRawPointer, AnyObject) {
        let (base, owner) = arena.take(bytes.count)
        if arena.isFilled { return (UnsafeRawPointer(base), owner) }
        let failure = Mutex<CheckpointError?>(nil)
        pool.runRanges(bytes.count, grain: Self.pieceBytes) { piece in
            let part = bytes.lowerBound + piece.lowerBound..<bytes.lowerBound + piece.upperBound
            do throws(CheckpointError) {
                try tensor.read(part, into: base + piece.lowerBound)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        if let error = failure.withLock({ $0 }) { throw error }
        return (UnsafeRawPointer(base), owner)
    }

    /// Enters the pages into this process's tables, with all threads.
    private func populate(_ tensor: PackedTensor, _ bytes: Range<Int>) {
        tensor.willNeed(bytes)
        pool.runRanges(bytes.count, grain: Self.pieceBytes) { piece in
            tensor.populate(bytes.lowerBound + piece.lowerBound..<bytes.lowerBound + piece.upperBound)
        }
    }
}
