/// Why a JSON text could not be read as what was asked for.
package struct JSONFailure: Error, Sendable, Equatable {
    /// Whether the text is broken, or only says something else than was asked for.
    package enum Kind: Sendable {
        case syntax
        case value
    }

    package let kind: Kind
    /// Where: `model.vocab.Ġthe`, or empty for the whole text.
    package let field: String
    package let expected: String
    package let found: String
    /// The byte offset at which the reader stood.
    package let offset: Int

    package init(kind: Kind = .value, field: String, expected: String, found: String, offset: Int) {
        (self.kind, self.field, self.expected, self.found) = (kind, field, expected, found)
        self.offset = offset
    }
}

extension JSONFailure: CustomStringConvertible {
    /// One sentence without a full stop.
    package var description: String { "\(reason) at byte \(offset)" }

    /// The sentence without the offset.
    package var reason: String {
        let place = field.isEmpty ? "" : "\"\(field)\": "
        return "\(place)expected \(expected), found \(found)"
    }
}
