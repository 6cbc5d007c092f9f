package import Diagnostics
package import Foundation

/// A trace that could not be written.
package struct TraceError: OperatorError, Equatable {
    package let description: String
    package var hint: String? { "choose another place with --trace" }
    package var exitCode: ExitCode { .usage }
}

/// The safetensors file of `--trace`: `visual_tokens` `[n, hidden]` and `logits` `[steps, vocabulary]`, float32.
package struct TraceFile {
    private var visual: [Int: (rows: Int, width: Int, bytes: Data)] = [:]
    private var logits: (rows: Int, width: Int, bytes: Data) = (0, 0, Data())

    package init() {}

    /// Takes one tensor as a rank sends it: `logits` a step at a time, `visual_tokens.<image>` whole.
    package mutating func add(name: String, shape: [Int], bytes: Data) {
        guard shape.count == 2, shape[0] * shape[1] * 4 == bytes.count else { return }
        if name == "logits" {
            logits = (logits.rows + shape[0], shape[1], logits.bytes + bytes)
        } else if name.hasPrefix("visual_tokens."), let image = Int(name.dropFirst("visual_tokens.".count)) {
            visual[image] = (shape[0], shape[1], bytes)
        }
    }

    /// Writes the file at once, under a temporary name first.
    package func write(to url: URL) throws(TraceError) {
        var tensors: [(name: String, shape: [Int], bytes: Data)] = []
        if logits.rows > 0 { tensors.append(("logits", [logits.rows, logits.width], logits.bytes)) }
        let images = visual.sorted { $0.key < $1.key }.map(\.value)
        if let width = images.first?.width {
            let bytes = images.reduce(into: Data()) { $0.append($1.bytes) }
            tensors.append(("visual_tokens", [images.reduce(0) { $0 + $1.rows }, width], bytes))
        }
        do {
            try Self.encode(tensors).write(to: url, options: .atomic)
        } catch {
            throw TraceError(description: "the trace \(url.path) cannot be written: \(error.localizedDescription)")
        }
    }

    private static func encode(_ tensors: [(name: String, shape: [Int], bytes: Data)]) -> Data {
        var offset = 0
        var entries: [String] = []
        for tensor in tensors {
            let end = offset + tensor.bytes.count
            let shape = tensor.shape.map(String.init).joined(separator: ",")
            entries.append(
                "\"\(tensor.name)\":{\"dtype\":\"F32\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}"
            )
            offset = end
        }
        var header = Data("{\(entries.joined(separator: ","))}".utf8)
        // The tensors begin at a multiple of eight bytes.
        header.append(Data(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
        var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
        file.append(header)
        for tensor in tensors { file.append(tensor.bytes) }
        return file
    }
}
