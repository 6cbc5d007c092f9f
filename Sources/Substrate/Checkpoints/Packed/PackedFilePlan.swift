internal import JSON
import Tensors

/// Which tensors of a packed checkpoint stand where: in each file the quantised matrices, each at the beginning of a page,
/// then the tensors that are copied as they are.
struct PackedFilePlan {
    struct Tensor {
        let name: String
        let type: String
        /// As the header has it.
        let shape: [Int]
        let byteCount: Int
        /// `nil` for a tensor that is copied.
        let packed: PackedShape?
    }

    struct File {
        var tensors: [Tensor] = []

        var byteCount: Int { tensors.reduce(0) { $0 + $1.byteCount } }

        /// The file up to its first tensor.
        func prefix(_ format: WeightFormat, calibration: String? = nil) -> [UInt8] {
            var metadata = PackedMetadata(format: format, calibration: calibration)
            var fields: [String: JSONValue] = [:]
            var offset = 0
            for tensor in tensors {
                fields[tensor.name] = .object([
                    "dtype": .string(tensor.type),
                    "shape": .array(tensor.shape.map { .integer($0) }),
                    "data_offsets": .array([.integer(offset), .integer(offset + tensor.byteCount)]),
                ])
                metadata.matrices[tensor.name] = tensor.packed
                offset += tensor.byteCount
            }
            fields["__metadata__"] = metadata.json
            return WeightFiles.prefix(fields, alignment: PackedTensor.alignment)
        }
    }

    private(set) var files: [File] = []

    init(_ checkpoint: Checkpoint, format: WeightFormat, fileBytes: Int = WeightFiles.publishedBytes) {
        let expected = checkpoint.config.expectedTensors
        let matrices = expected.filter(\.isQuantisable).map { tensor in
            let shape = PackedShape(tensor, checkpoint.storage(of: tensor.name, in: format))
            let bytes = shape.storedBytes
            return Tensor(name: tensor.name, type: "U8", shape: [bytes], byteCount: bytes, packed: shape)
        }
        let copies = expected.filter { !$0.isQuantisable }.compactMap { checkpoint.tensor($0.name) }.map { view in
            Tensor(
                name: view.name,
                type: view.elementType.rawValue,
                shape: view.shape,
                byteCount: view.byteCount,
                packed: nil
            )
        }
        var file = File()
        for tensor in matrices + copies {
            // A matrix behind a copy would not begin at a page; the order sees to it.
            if !file.tensors.isEmpty, file.byteCount + tensor.byteCount > fileBytes {
                files.append(file)
                file = File()
            }
            file.tensors.append(tensor)
        }
        files.append(file)
    }

    var totalBytes: Int { files.reduce(0) { $0 + $1.byteCount } }

    func fileName(_ number: Int) -> String { WeightFiles.fileName(number, of: files.count) }

    /// `model.safetensors.index.json`; `nil` when there is one file.
    var index: JSONValue? {
        guard files.count > 1 else { return nil }
        var map: [String: JSONValue] = [:]
        for (number, file) in files.enumerated() {
            for tensor in file.tensors { map[tensor.name] = .string(fileName(number)) }
        }
        return WeightFiles.index(map, totalBytes: totalBytes)
    }
}
