internal import JSON

/// What a safetensors header says about one tensor, checked against itself and against the file's length.
struct TensorRecord: Sendable, Equatable {
    let name: String
    /// The type's safetensors name: also types that the runtime does not compute with.
    let elementType: String
    let shape: [Int]
    /// In bytes from the file's start.
    let byteRange: Range<Int>

    /// Bytes of an element of the types that the format defines; 4-bit types have none.
    private static let byteCounts: [String: Int] = [
        "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "F8_E8M0": 1,
        "U16": 2, "I16": 2, "F16": 2, "BF16": 2,
        "U32": 4, "I32": 4, "F32": 4,
        "U64": 8, "I64": 8, "F64": 8, "C64": 8,
    ]

    /// Reads `{"dtype": …, "shape": […], "data_offsets": [begin, end]}`, offsets counted from `dataStart`.
    init(name: String, _ value: JSONValue, file: String, dataStart: Int, fileSize: Int) throws(CheckpointError) {
        func wrong(_ expected: String, _ found: JSONValue?) -> CheckpointError {
            .tensorRecord(file: file, tensor: name, expected: expected, found: found.map(\.summary) ?? "nothing")
        }
        guard let fields = value.object else { throw wrong("an object in the header", value) }
        guard let type = fields["dtype"]?.string else { throw wrong("a dtype", fields["dtype"]) }
        let shape = fields["shape"]?.array?.compactMap(\.exactInteger) ?? []
        guard let written = fields["shape"]?.array, written.count == shape.count, shape.allSatisfy({ $0 >= 0 }) else {
            throw wrong("a shape of integers from 0 up", fields["shape"])
        }
        let offsets = fields["data_offsets"]?.array?.compactMap(\.exactInteger) ?? []
        guard fields["data_offsets"]?.array?.count == 2, offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1]
        else { throw wrong("data_offsets [begin, end]", fields["data_offsets"]) }
        let (end, overflow) = dataStart.addingReportingOverflow(offsets[1])
        guard !overflow, end <= fileSize else {
            throw .truncated(
                file: file,
                tensor: name,
                expectedBytes: overflow ? Int.max : end,
                foundBytes: fileSize
            )
        }
        (self.name, elementType, self.shape) = (name, type, shape)
        byteRange = dataStart + offsets[0]..<end
        guard let size = Self.byteCounts[type] else { return }
        let needed = Self.product([size] + shape)
        guard needed == byteRange.count else {
            throw .tensorRecord(
                file: file,
                tensor: name,
                expected: needed.map { "\($0) for \(type) \(shape)" } ?? "a shape that fits into memory, not \(shape)",
                found: "data_offsets of \(byteRange.count) bytes"
            )
        }
    }

    /// The product of sizes from a file; `nil` when it does not fit, whatever zeros come later.
    static func product(_ factors: [Int]) -> Int? {
        var product = 1
        for factor in factors {
            let (next, overflow) = product.multipliedReportingOverflow(by: factor)
            guard !overflow else { return nil }
            product = next
        }
        return product
    }
}
