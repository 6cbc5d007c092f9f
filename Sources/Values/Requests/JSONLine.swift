internal import Foundation

/// JSON on one line.
package enum JSONLine {
    /// A line end inside a text is escaped, so that the line is one for certain.
    package static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        // Every type that comes here encodes; a figure that is not finite would be our own mistake.
        encoder.nonConformingFloatEncodingStrategy =
            .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        guard let data = try? encoder.encode(value) else { preconditionFailure("\(value) has no JSON") }
        return String(decoding: data, as: UTF8.self)
    }
}
