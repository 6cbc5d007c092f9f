package import Foundation

/// A copy of the small float32 checkpoint whose weights a test changes.
package enum EditedWeights {
    /// - Parameters:
    ///   - change: gets the name of a tensor and its numbers.
    ///   - body: gets the copy's directory.
    package static func with<T>(_ change: (String, inout [Float]) -> Void, _ body: (URL) throws -> T) throws -> T {
        try Fixtures.withTemporaryDirectory { temporary in
            let directory = temporary.appendingPathComponent("mini-f32")
            try FileManager.default.copyItem(at: Fixtures.url("mini-f32"), to: directory)
            for file in try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)
            where file.pathExtension == "safetensors" {
                try edit(file, change)
            }
            return try body(directory)
        }
    }

    private static func edit(_ file: URL, _ change: (String, inout [Float]) -> Void) throws {
        var data = try Data(contentsOf: file)
        let length = Int(data.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] ?? [:]
        for (name, value) in header {
            guard let fields = value as? [String: Any], let offsets = fields["data_offsets"] as? [Int],
                fields["dtype"] as? String == "F32"
            else { continue }
            let bytes = 8 + length + offsets[0]..<8 + length + offsets[1]
            var numbers = data[bytes].withUnsafeBytes { raw in
                (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
            }
            change(name, &numbers)
            data.replaceSubrange(bytes, with: numbers.withUnsafeBytes { Data($0) })
        }
        try data.write(to: file)
    }
}
