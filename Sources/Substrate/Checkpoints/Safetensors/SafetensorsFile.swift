internal import JSON

/// A safetensors file: eight bytes with the header's length, the header (JSON), then the tensors without gaps.
///
/// Nothing that the header claims is believed before it is checked against the file's length.
struct SafetensorsFile: Sendable {
    /// The format's own limit.
    private static let largestHeader = 100_000_000
    private static let prefix = 8

    let mapping: MappedFile
    let headerRange: Range<Int>
    /// The texts of `__metadata__`.
    let metadata: [String: String]
    /// By name.
    let records: [String: TensorRecord]

    init(_ mapping: MappedFile) throws(CheckpointError) {
        try mapping.refuseGitLFSPointer()
        let dataStart = try Self.dataStart(mapping)
        headerRange = Self.prefix..<dataStart
        let header = try Self.parse(mapping, headerRange)
        var records: [String: TensorRecord] = [:]
        for (name, value) in header where name != "__metadata__" {
            records[name] = try TensorRecord(
                name: name,
                value,
                file: mapping.name,
                dataStart: dataStart,
                fileSize: mapping.bytes.count
            )
        }
        try Self.requireWithoutGaps(records.values, dataStart: dataStart, mapping)
        metadata = (header["__metadata__"]?.object ?? [:]).compactMapValues(\.string)
        (self.mapping, self.records) = (mapping, records)
    }

    /// Where the tensors begin.
    private static func dataStart(_ mapping: MappedFile) throws(CheckpointError) -> Int {
        let size = mapping.bytes.count
        guard size >= prefix else {
            throw .header(
                file: mapping.name,
                expected: "at least \(prefix) bytes of a safetensors header",
                found: "the file has \(size) bytes"
            )
        }
        let length = UInt64(littleEndian: mapping.bytes.loadUnaligned(as: UInt64.self))
        guard length <= UInt64(min(largestHeader, size - prefix)) else {
            throw .header(
                file: mapping.name,
                expected: "at most \(min(largestHeader, size - prefix)) in a file of \(size) bytes",
                found: "the header claims \(length) bytes"
            )
        }
        return prefix + Int(length)
    }

    private static func parse(
        _ mapping: MappedFile,
        _ range: Range<Int>
    ) throws(CheckpointError) -> [String: JSONValue] {
        let value = try mapping.json(range)
        guard let object = value.object else {
            throw .header(file: mapping.name, expected: "an object", found: "the header is \(value.summary)")
        }
        return object
    }

    /// The format says that the tensors fill the file, in any order, without holes and without overlap.
    private static func requireWithoutGaps(
        _ records: some Sequence<TensorRecord>,
        dataStart: Int,
        _ mapping: MappedFile
    ) throws(CheckpointError) {
        var end = dataStart
        let ordered = records.sorted {
            ($0.byteRange.lowerBound, $0.byteRange.upperBound) < ($1.byteRange.lowerBound, $1.byteRange.upperBound)
        }
        for record in ordered {
            guard record.byteRange.lowerBound == end else {
                throw .tensorRecord(
                    file: mapping.name,
                    tensor: record.name,
                    expected: "\(end - dataStart), where the tensor before it ends",
                    found: "its data beginning at \(record.byteRange.lowerBound - dataStart)"
                )
            }
            end = record.byteRange.upperBound
        }
        guard end == mapping.bytes.count else {
            throw .header(
                file: mapping.name,
                expected: "\(end) as its header says",
                found: "the file has \(mapping.bytes.count) bytes"
            )
        }
    }
}
