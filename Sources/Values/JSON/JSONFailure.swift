/// Why a JSON text could not be read as what was asked for.
package struct JSONFailure: Error, Sendable, Equatable {
    /// Where: `model.vocab.Ġthe`, or empty for the whole text.
    package let field: String
    package let expected: String
    package let found: String
    /// The byte offset at which the reader stood.
    package let offset: Int
}

extension JSONFailure: CustomStringConvertible {
    /// One sentence without a full stop.
    package var description: String {
        let place = field.isEmpty ? "" : "\"\(field)\": "
        return "\(place)expected \(expected), found \(found) at byte \(offset)"
    }
}
