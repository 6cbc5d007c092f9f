internal import JSON

/// The fields of one JSON object of a configuration file, read with their path so that an error can name it.
///
/// A field that is `null` counts as written: where Hugging Face takes `None` to mean something, the caller says so.
struct ConfigFields {
    let file: String
    /// The dotted path of this object, empty for the whole file.
    let path: String
    let fields: [String: JSONValue]

    init(file: String, path: String = "", fields: [String: JSONValue]) {
        (self.file, self.path, self.fields) = (file, path, fields)
    }

    /// The error that says what a field should have been.
    func wrong(_ key: String, expected: String, found: String? = nil) -> CheckpointError {
        let value = fields[key].map(\.summary) ?? "missing"
        return .field(file: file, path: path(to: key), expected: expected, found: found ?? value)
    }

    /// The error that says which value of a field is the supported one.
    func unsupported(_ key: String, supported: String, found: String? = nil) -> CheckpointError {
        let value = fields[key].map(\.summary) ?? "missing"
        return .unsupported(file: file, path: path(to: key), supported: supported, found: found ?? value)
    }

    func path(to key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func isNullOrMissing(_ key: String) -> Bool { fields[key] == nil || fields[key] == .null }

    // MARK: Typed fields

    func integer(
        _ key: String,
        in range: ClosedRange<Int>,
        default standard: Int? = nil
    ) throws(CheckpointError) -> Int {
        if fields[key] == nil, let standard { return standard }
        guard let value = fields[key]?.exactInteger, range.contains(value) else {
            throw wrong(key, expected: "an integer in \(range.lowerBound)…\(range.upperBound)")
        }
        return value
    }

    /// A finite number above zero and at most `limit`.
    func positive(
        _ key: String,
        atMost limit: Double,
        default standard: Double? = nil
    ) throws(CheckpointError) -> Double {
        if fields[key] == nil, let standard { return standard }
        guard let value = fields[key]?.double, value.isFinite, value > 0, value <= limit else {
            throw wrong(key, expected: "a number above 0 and at most \(limit)")
        }
        return value
    }

    func flag(_ key: String, default standard: Bool) throws(CheckpointError) -> Bool {
        guard let value = fields[key] else { return standard }
        guard let flag = value.bool else { throw wrong(key, expected: "true or false") }
        return flag
    }

    /// Three numbers, for red, green and blue.
    func colours(_ key: String, in range: ClosedRange<Double>) throws(CheckpointError) -> [Float] {
        let values = fields[key]?.array?.compactMap(\.double) ?? []
        guard values.count == 3, fields[key]?.array?.count == 3, values.allSatisfy(range.contains) else {
            throw wrong(key, expected: "three numbers in \(range.lowerBound)…\(range.upperBound)")
        }
        return values.map { Float($0) }
    }

    func section(_ key: String) throws(CheckpointError) -> ConfigFields {
        guard let object = fields[key]?.object else { throw wrong(key, expected: "an object") }
        return ConfigFields(file: file, path: path(to: key), fields: object)
    }

    // MARK: Values that are the only supported ones

    /// Refuses a field that is there and holds something else than `value`.
    func requireIfPresent(_ key: String, _ value: JSONValue) throws(CheckpointError) {
        guard let found = fields[key] else { return }
        let same = found == value || (found.double != nil && found.double == value.double)
        guard same else { throw unsupported(key, supported: value.summary) }
    }

    func requireNull(_ key: String) throws(CheckpointError) {
        guard isNullOrMissing(key) else { throw unsupported(key, supported: "null") }
    }

    /// Refuses a list of names that is there, not null, and does not hold `name`.
    func requireListed(_ key: String, _ name: String) throws(CheckpointError) {
        guard !isNullOrMissing(key) else { return }
        let names = fields[key]?.array ?? []
        guard names.contains(.string(name)) else {
            let found = names.isEmpty ? nil : String(names.map(\.summary).joined(separator: ", ").prefix(120))
            throw unsupported(key, supported: "\"\(name)\"", found: found)
        }
    }
}
