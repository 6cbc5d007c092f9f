internal import Checkpoints
internal import Kernels
internal import Tensors

/// Bytes of the matrices that `WeightLoader` will make, from the shapes alone.
struct MatrixShapes {
    let checkpoint: Checkpoint
    let format: WeightFormat

    /// Matrices that share their input, with the rows that a rank has of each.
    func rowBytes(_ blocks: [(name: String, rows: Int)], columns: Int) -> Int {
        // As the loader holds them: quantised ones each for itself, with its own bits and padding of rows.
        let matrices =
            format.isQuantised
            ? blocks.map { (names: [$0.name], rows: $0.rows) }
            : [(names: blocks.map(\.name), rows: blocks.reduce(0) { $0 + $1.rows })]
        return matrices.filter { $0.rows > 0 }
            .reduce(0) { $0 + PackedMatrix.byteCount(rows: $1.rows, columns: columns, storage: storage($1.names)) }
    }

    /// A matrix of which a rank has some columns.
    func columnBytes(_ name: String, columns: Int, leafColumns: Int, rows: Int) -> Int {
        guard columns > 0 else { return 0 }
        return PackedMatrix.byteCount(
            rows: rows,
            columns: columns,
            storage: storage([name]),
            blockColumns: format.isQuantised ? leafColumns : nil
        )
    }

    private func storage(_ names: [String]) -> PackedMatrix.Storage {
        WeightLoader.storage(names, checkpoint, format)
    }
}
