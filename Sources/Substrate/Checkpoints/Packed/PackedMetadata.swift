internal import JSON
internal import Kernels

/// What the `__metadata__` of a packed safetensors file says.
///
/// ```
/// "flotilla.format": "q8", "flotilla.layout": "1",
/// "flotilla.matrix.language_model.model.layers.0.mlp.down_proj.weight": "2048 6144 192"
/// ```
///
/// A matrix is stored as type `U8` with the shape of its bytes; its own shape (rows, columns, columns of a block)
/// stands here, and in a file of format `q4m` its bits: `"2048 6144 192 q8"`. `"flotilla.calibration"` says what scales
/// were chosen by, where that was done.
struct PackedMetadata: Sendable, Equatable {
    /// Changes with every change of the kernels' layout.
    static let layout = "1"

    private static let formatKey = "flotilla.format"
    private static let layoutKey = "flotilla.layout"
    private static let calibrationKey = "flotilla.calibration"
    private static let matrixKey = "flotilla.matrix."

    var format: WeightFormat
    /// By the tensor's name.
    var matrices: [String: PackedShape] = [:]
    /// What activations were collected from, for people; `nil` where all weights counted alike.
    var calibration: String?

    init(format: WeightFormat, calibration: String? = nil) { (self.format, self.calibration) = (format, calibration) }

    /// Reads the metadata of a file; `nil` where it is not a packed one.
    init?(_ file: SafetensorsFile) throws(CheckpointError) {
        guard let name = file.metadata[Self.formatKey] else { return nil }
        func wrong(_ expected: String, _ found: String) -> CheckpointError {
            .packed(file: file.mapping.name, expected: expected, found: found)
        }
        guard let format = WeightFormat(rawValue: name), format.isQuantised else {
            throw wrong(WeightFormat.list(WeightFormat.quantised), "its weights have format \"\(name)\"")
        }
        let found = file.metadata[Self.layoutKey]
        guard found == Self.layout else {
            throw wrong(Self.layout, "its weights have layout \(found ?? "nothing")")
        }
        self.format = format
        calibration = file.metadata[Self.calibrationKey].map { String($0.prefix(200)) }
        for (key, text) in file.metadata where key.hasPrefix(Self.matrixKey) {
            guard let shape = PackedShape(text: text, in: format) else {
                let bits = format.storage == nil ? "rows, columns, columns of a block, and q8 or q4" : nil
                throw wrong(bits ?? "rows, columns and columns of a block", "\(key) is \"\(text)\"")
            }
            matrices[String(key.dropFirst(Self.matrixKey.count))] = shape
        }
    }

    var json: JSONValue {
        var fields: [String: JSONValue] = [
            "format": .string("pt"), Self.formatKey: .string(format.rawValue), Self.layoutKey: .string(Self.layout),
        ]
        if let calibration { fields[Self.calibrationKey] = .string(calibration) }
        for (name, shape) in matrices { fields[Self.matrixKey + name] = .string(shape.text(in: format)) }
        return .object(fields)
    }
}

extension PackedMetadata {
    /// Checks what a file says about a matrix against what the model needs, and finds its bytes.
    func tensor(
        _ expected: ExpectedTensor,
        _ record: TensorRecord,
        _ mapping: MappedFile
    ) throws(CheckpointError) -> PackedTensor {
        func wrong(_ expected: String, _ found: String) -> CheckpointError {
            .tensorRecord(file: mapping.name, tensor: record.name, expected: expected, found: found)
        }
        guard let shape = matrices[record.name] else {
            throw wrong("the packed shape \(PackedShape(expected, .q8).summary)", "no packed shape")
        }
        let wanted = PackedShape(expected, shape.storage)
        guard shape == wanted else {
            throw wrong(wanted.summary, "the packed shape \(shape.summary)")
        }
        let bytes = wanted.storedBytes
        guard record.elementType == "U8", record.byteRange.count == bytes else {
            throw wrong("\(bytes) of type U8", "\(record.byteRange.count) bytes of type \(record.elementType)")
        }
        let start = record.byteRange.lowerBound
        guard start % PackedTensor.alignment == 0 else {
            throw wrong("a multiple of \(PackedTensor.alignment)", "its data at byte \(start)")
        }
        return PackedTensor(
            name: record.name,
            shape: wanted,
            byteRange: start..<start + wanted.byteCount,
            mapping: mapping
        )
    }
}
