internal import Kernels

/// The shape of a matrix of a packed checkpoint, and the bytes that it takes.
struct PackedShape: Sendable, Equatable {
    var rows, columns, blockColumns: Int

    init(rows: Int, columns: Int, blockColumns: Int) {
        (self.rows, self.columns, self.blockColumns) = (rows, columns, blockColumns)
    }

    init(_ tensor: ExpectedTensor) {
        (rows, columns) = (tensor.shape[0], tensor.shape[1])
        blockColumns = min(tensor.leafColumns ?? columns, columns)
    }

    /// Three numbers with spaces, as the file's metadata has them.
    init?(text: String) {
        let numbers = text.split(separator: " ", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 3, let rows = numbers[0], let columns = numbers[1], let block = numbers[2] else {
            return nil
        }
        self.init(rows: rows, columns: columns, blockColumns: block)
    }

    var text: String { "\(rows) \(columns) \(blockColumns)" }

    /// For messages.
    var summary: String {
        "[\(rows), \(columns)]" + (blockColumns < columns ? " in blocks of \(blockColumns) columns" : "")
    }

    /// Bytes that the kernels compute with.
    func byteCount(_ format: WeightFormat) -> Int {
        PackedMatrix.byteCount(
            rows: rows,
            columns: columns,
            storage: format.storage,
            blockColumns: blockColumns
        )
    }

    /// The same with the padding that lets the next matrix begin at a page.
    func storedBytes(_ format: WeightFormat) -> Int {
        let unit = PackedTensor.alignment
        return (byteCount(format) + unit - 1) / unit * unit
    }
}

extension WeightFormat {
    /// How the kernels hold a matrix of a quantised format.
    var storage: PackedMatrix.Storage {
        switch self {
        case .native, .bf16: preconditionFailure("\(rawValue) is not a format of packed checkpoints")
        case .q8: .q8
        case .q4: .q4
        }
    }
}
