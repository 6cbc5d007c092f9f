package import Diagnostics
package import Foundation

extension Receipt {
    /// Bytes of a receipt at most: a million tokens have some eight.
    package static let maxBytes = 64 << 20

    /// Reads a receipt: an object of its own, or the member `receipt` of one, such as `generate --json` prints; over HTTP it
    /// is in the member `flotilla`.
    ///
    /// - Throws: what keeps it from being one, in a sentence about `place`; whether it is true is another question.
    package init(json: Data, place: String) throws(UsageError) {
        let envelope: Envelope
        do {
            envelope = try JSONDecoder().decode(Envelope.self, from: json)
        } catch {
            throw UsageError("\(place) is no receipt: \(Self.words(error))", hint: Self.hint)
        }
        guard envelope.receipt.layout == Self.layout else {
            let found = envelope.receipt.layout
            throw UsageError(
                "\(place) is a receipt of layout \(found), expected \(Self.layout)",
                hint: "it was written by another version of flotilla"
            )
        }
        self = envelope.receipt
        do throws(UsageError) { try check() } catch {
            throw UsageError("\(place) is no receipt: \(error.description)", hint: error.hint)
        }
    }

    private static let hint = "generate --json --receipt writes one, and END has one where a request asks for it"

    private struct Envelope: Decodable {
        let receipt: Receipt

        private enum CodingKeys: String, CodingKey { case receipt, flotilla, layout = "flotilla_receipt" }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            if container.contains(.receipt) {
                receipt = try container.decode(Receipt.self, forKey: .receipt)
            } else if container.contains(.flotilla), !container.contains(.layout) {
                let inner = try container.nestedContainer(keyedBy: CodingKeys.self, forKey: .flotilla)
                receipt = try inner.decode(Receipt.self, forKey: .receipt)
            } else {
                receipt = try Receipt(from: decoder)
            }
        }
    }

    // MARK: - Sizes

    /// Refuses what no answer of any model can be.
    private func check() throws(UsageError) {
        func require(_ isRight: Bool, _ what: @autoclosure () -> String) throws(UsageError) {
            if !isRight { throw UsageError(what()) }
        }
        try require(!prompt.ids.isEmpty, "prompt.ids is empty")
        try require(!answer.tokens.isEmpty, "answer.tokens is empty, so that there is nothing to confirm")
        for (name, ids) in [("prompt.ids", prompt.ids), ("answer.tokens", answer.tokens)] {
            if let odd = ids.first(where: { $0 < 0 }) {
                throw UsageError("\(name) holds \(odd), expected ids of 0 or more")
            }
        }
        var end = 0
        for (place, picture) in pictures.enumerated() {
            let name = "pictures[\(place)]"
            try require(
                (1...prompt.ids.count).contains(picture.count) && (end...prompt.ids.count).contains(picture.start)
                    && picture.start <= prompt.ids.count - picture.count,
                "\(name) does not lie in the prompt, behind the picture before it"
            )
            end = picture.start + picture.count
            try require((1...1000).contains(picture.tiles), "\(name).tiles is \(picture.tiles)")
            try require(
                (1...64).contains(picture.maxTiles),
                "\(name).max_tiles is \(picture.maxTiles), expected 1 to 64"
            )
        }
        _ = try request.options()
    }

    // MARK: - Mistakes

    /// What a decoder says, in the words of people.
    private static func words(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): "\(name(context.codingPath + [key])) is missing"
        case .typeMismatch(_, let context): "\(name(context.codingPath)) has another type than a receipt's"
        case .valueNotFound(_, let context): "\(name(context.codingPath)) is null"
        case .dataCorrupted(let context) where context.codingPath.isEmpty: "it is no JSON object"
        case .dataCorrupted(let context): "\(name(context.codingPath)) has a value that no receipt has"
        case nil: "it cannot be read"
        @unknown default: "it cannot be read"
        }
    }

    private static func name(_ path: [any CodingKey]) -> String {
        var name = ""
        for key in path {
            if let index = key.intValue {
                name += "[\(index)]"
            } else {
                name += (name.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return name.isEmpty ? "the whole" : name
    }
}
