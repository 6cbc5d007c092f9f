import Foundation
import JSON
import TestSupport

@testable import Checkpoints

/// Copies of checkpoints that a test changes.
enum Edited {
    /// Gives `body` a copy of a mini checkpoint.
    static func checkpoint(_ name: String, _ body: (URL) throws -> Void) throws {
        try Fixtures.withTemporaryDirectory { temporary in
            let directory = temporary.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            let source = Fixtures.url(name)
            let wanted = try FileManager.default.contentsOfDirectory(atPath: source.path)
                .filter { $0.contains("safetensors") || $0.contains("config") }
            for file in wanted {
                let data = try Data(contentsOf: source.appendingPathComponent(file))
                try data.write(to: directory.appendingPathComponent(file))
            }
            try body(directory)
        }
    }

    static func json(_ file: URL, _ change: (inout JSONValue) -> Void) throws {
        var value = try parse(Data(contentsOf: file))
        change(&value)
        try Data(JSONWriter.text(value).utf8).write(to: file)
    }

    static func parse(_ data: Data) throws -> JSONValue { try data.withUnsafeBytes { try JSONValue(parsing: $0) } }

    static func parse(_ text: String) throws -> JSONValue { try parse(Data(text.utf8)) }

    /// Changes the header of a safetensors file and keeps its tensors.
    static func header(_ file: URL, _ change: (inout JSONValue) -> Void) throws {
        var (header, payload) = try split(file)
        change(&header)
        try safetensors(header, payload).write(to: file)
    }

    /// Adds a tensor of zeros at the file's end.
    static func appendTensor(_ name: String, _ type: String, _ shape: [Int], to file: URL) throws {
        let (header, payload) = try split(file)
        let bytes = shape.reduce(type.contains("64") ? 8 : type.contains("32") ? 4 : 2, *)
        var changed = header
        changed.set(
            [name],
            .object([
                "dtype": .string(type),
                "shape": .array(shape.map { .integer($0) }),
                "data_offsets": .array([.integer(payload.count), .integer(payload.count + bytes)]),
            ])
        )
        try safetensors(changed, payload + Data(count: bytes)).write(to: file)
    }

    static func safetensors(_ header: JSONValue, _ payload: Data) -> Data {
        let text = Data(JSONWriter.line(header).utf8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + payload
    }

    static func split(_ file: URL) throws -> (header: JSONValue, payload: Data) {
        let data = try Data(contentsOf: file)
        let length = Int(data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        return (try parse(data.subdata(in: 8..<8 + length)), data.subdata(in: 8 + length..<data.count))
    }
}

extension JSONValue {
    /// Sets the field at a dotted path; `nil` removes it.
    mutating func set(_ path: String, _ value: JSONValue?) {
        set(path.split(separator: ".").map(String.init), value)
    }

    mutating func set(_ path: [String], _ value: JSONValue?) {
        guard let key = path.first, case .object(var fields) = self else { return }
        if path.count == 1 {
            fields[key] = value
        } else {
            var inner = fields[key] ?? .object([:])
            inner.set(Array(path.dropFirst()), value)
            fields[key] = inner
        }
        self = .object(fields)
    }
}
