internal import Kernels

/// A matrix of a packed checkpoint: its shape, its bits, and the bytes that it takes.
struct PackedShape: Sendable, Equatable {
    var rows, columns, blockColumns: Int
    /// `q8` or `q4`.
    var storage: PackedMatrix.Storage

    init(_ tensor: ExpectedTensor, _ storage: PackedMatrix.Storage) {
        (rows, columns) = (tensor.shape[0], tensor.shape[1])
        blockColumns = min(tensor.leafColumns ?? columns, columns)
        self.storage = storage
    }

    /// Three numbers with spaces, as the metadata of a file has them, and in one of mixed bits the storage.
    ///
    /// - Parameter format: the file's.
    init?(text: String, in format: WeightFormat) {
        var words = text.split(separator: " ", omittingEmptySubsequences: false)
        let named = words.count == 4 ? PackedMatrix.Storage(packedName: String(words.removeLast())) : nil
        let numbers = words.map { Int($0) }
        guard let storage = format.storage ?? named, named == nil || named == storage,
            numbers.count == 3, let rows = numbers[0], let columns = numbers[1], let block = numbers[2]
        else { return nil }
        (self.rows, self.columns, blockColumns, self.storage) = (rows, columns, block, storage)
    }

    /// What `init(text:in:)` reads; the bits only where the file's format does not say them.
    func text(in format: WeightFormat) -> String {
        "\(rows) \(columns) \(blockColumns)" + (format.storage == nil ? " \(storage.packedName)" : "")
    }

    /// For messages.
    var summary: String {
        "[\(rows), \(columns)]" + (blockColumns < columns ? " in blocks of \(blockColumns) columns" : "")
    }

    /// Bytes that the kernels compute with.
    var byteCount: Int {
        PackedMatrix.byteCount(rows: rows, columns: columns, storage: storage, blockColumns: blockColumns)
    }

    /// The same with the padding that lets the next matrix begin at a page.
    var storedBytes: Int {
        let unit = PackedTensor.alignment
        return (byteCount + unit - 1) / unit * unit
    }
}

extension WeightFormat {
    /// How the kernels hold every matrix of a quantised format; `nil` where matrices differ.
    var storage: PackedMatrix.Storage? {
        switch self {
        case .native, .bf16: preconditionFailure("\(rawValue) is not a format of packed checkpoints")
        case .q8: .q8
        case .q4: .q4
        case .q4m: nil
        }
    }
}

extension PackedMatrix.Storage {
    fileprivate init?(packedName: String) {
        switch packedName {
        case "q8": self = .q8
        case "q4": self = .q4
        default: return nil
        }
    }

    fileprivate var packedName: String { self == .q8 ? "q8" : "q4" }
}
