internal import Checkpoints
internal import Kernels
internal import Tensors

/// Loads a rank's part of the stored matrices, in the format and at the place that the operator chose.
///
/// | Checkpoint | Format | A matrix is                                             |
/// |------------|--------|---------------------------------------------------------|
/// | published  | native | repacked into memory of the rank's own                  |
/// | published  | bf16   | repacked or rounded into memory of the rank's own        |
/// | published  | q8, q4, q4m | quantised by all threads into memory of the rank's own |
/// | packed     | its    | mapped, or copied as it is                              |
///
/// A group of 32 columns never reaches over a leaf, so that a shard's weights have the same bits as the whole matrix's.
package struct WeightLoader {
    let checkpoint: Checkpoint
    let format: WeightFormat
    let placement: WeightPlacement
    let pool: ThreadPool
    let arena: WeightArena

    /// - Parameters:
    ///   - options: their format must be the checkpoint's own where that is packed.
    ///   - byteCount: of all matrices that are going to be loaded.
    ///   - kept: where they are put, or are already.
    init(
        _ checkpoint: Checkpoint,
        _ options: DecoderOptions,
        byteCount: Int,
        kept: KeptWeights? = nil,
        pool: ThreadPool
    ) {
        precondition(
            !checkpoint.storedFormat.isQuantised || checkpoint.storedFormat == options.format,
            "\(options.format) from a checkpoint of \(checkpoint.storedFormat)"
        )
        (self.checkpoint, self.pool) = (checkpoint, pool)
        (format, placement) = (options.format, options.placement)
        arena =
            kept.map { WeightArena(base: $0.base, byteCount: $0.byteCount, owner: $0, isFilled: $0.isFilled) }
            ?? WeightArena(byteCount: byteCount)
    }

    /// Rows of stored matrices that share their input: as one matrix, one block under the other; quantised, one matrix
    /// each.
    func rows(_ blocks: [(name: String, rows: Range<Int>)]) throws -> [PackedMatrix] {
        if checkpoint.storedFormat.isQuantised {
            return try blocks.map { try stored($0.name, rows: $0.rows) }
        }
        let parts = blocks.map { (tensor: checkpoint.required($0.name), rows: $0.rows) }
        return format.isQuantised ? parts.map { under([$0]) } : [under(parts)]
    }

    /// Columns of a stored matrix: whole leaves of `leafColumns` columns.
    func columns(_ name: String, _ columns: Range<Int>, leafColumns: Int) throws -> PackedMatrix {
        if checkpoint.storedFormat.isQuantised { return try stored(name, columns: columns) }
        let tensor = checkpoint.required(name)
        let matrix = PackedMatrix(
            rows: tensor.rowCount,
            columns: columns.count,
            storage: Self.storage([name], checkpoint, format),
            blockColumns: format.isQuantised ? leafColumns : nil,
            in: arena
        )
        if !arena.isFilled { matrix.load(tensor, rows: 0..<tensor.rowCount, columns: columns, at: 0, pool: pool) }
        return matrix
    }

    /// How matrices that are held as one are stored: in the native format their own type, or float32 when they differ.
    ///
    /// - Parameter names: of the stored matrices; of a quantised format's one.
    static func storage(
        _ names: [String],
        _ checkpoint: Checkpoint,
        _ format: WeightFormat
    ) -> PackedMatrix.Storage {
        if format.isQuantised { return checkpoint.storage(of: names[0], in: format) }
        guard format == .native else { return .bfloat16Pairs }
        let types = Set(names.map { checkpoint.required($0).elementType })
        return types.count == 1 ? PackedMatrix.Storage(types.first ?? .float32) : .float32
    }

    private func under(_ parts: [(tensor: TensorView, rows: Range<Int>)]) -> PackedMatrix {
        let matrix = PackedMatrix(
            rows: parts.reduce(0) { $0 + $1.rows.count },
            columns: parts[0].tensor.rowElements,
            storage: Self.storage(parts.map(\.tensor.name), checkpoint, format),
            in: arena
        )
        var start = 0
        for (tensor, rows) in parts where !arena.isFilled {
            matrix.load(tensor, rows: rows, columns: 0..<tensor.rowElements, at: start, pool: pool)
            start += rows.count
        }
        return matrix
    }
}
