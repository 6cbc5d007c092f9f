package import Foundation
import Testing

/// The answers of the PyTorch reference for one of the small checkpoints in `Tests/Fixtures`.
package struct Golden {
    /// One conversation: what goes in, the greedy tokens, and the names of its tensors.
    package struct Case: Decodable, Sendable, CustomTestStringConvertible {
        package let name: String
        package let tiles: [Int]
        package let inputIds: [Int32]
        package let tokens: [Int32]
        package let text: String

        enum CodingKeys: String, CodingKey {
            case name, tiles, tokens, text
            case inputIds = "input_ids"
        }

        package var testDescription: String { name }
    }

    package static let models = ["mini-f32", "mini-bf16"]
    package let directory: URL
    package let cases: [Case]
    private let tensors: [String: [Float]]

    package init(_ model: String) throws {
        directory = Fixtures.url(model)
        let json = try Data(contentsOf: directory.appendingPathComponent("golden.json"))
        cases = try JSONDecoder().decode([Case].self, from: json)
        tensors = try Self.readTensors(directory.appendingPathComponent("golden.tensors"))
    }

    /// A float32 tensor by name, such as `text.logits` or `one-image.visual_tokens`.
    package func tensor(_ name: String) -> [Float]? { tensors[name] }

    /// Reads a safetensors file of float32 tensors.
    package static func readTensors(_ url: URL) throws -> [String: [Float]] {
        let data = try Data(contentsOf: url)
        let length = Int(data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let header = try JSONSerialization.jsonObject(with: data[8..<(8 + length)]) as? [String: Any] ?? [:]
        var tensors: [String: [Float]] = [:]
        for (name, value) in header where name != "__metadata__" {
            guard let fields = value as? [String: Any], let offsets = fields["data_offsets"] as? [Int] else { continue }
            let bytes = data[(8 + length + offsets[0])..<(8 + length + offsets[1])]
            tensors[name] = bytes.withUnsafeBytes { raw in
                (0..<(raw.count / 4)).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
        }
        return tensors
    }
}
