internal import JSON

extension TokenizerFiles {
    /// `vocab.json`: an object from each token's name to its id.
    mutating func readVocabulary(_ bytes: [UInt8]) throws(TokenizerError) {
        var tokens = self.tokens
        try Self.parse("vocab.json", bytes) { (reader) throws(JSONFailure) in
            try Self.readTokens(&reader, into: &tokens)
        }
        self.tokens = tokens
    }

    static func readTokens(_ reader: inout JSONReader, into tokens: inout TokenTable) throws(JSONFailure) {
        try reader.object { (reader, name) throws(JSONFailure) in
            let id = try reader.tokenID()
            if let conflict = tokens.insert(name, id: id) { throw reader.failure("an id of its own", conflict) }
        }
    }

    /// `merges.txt`: a pair of names a line, the earliest merge first, after a line with the format's version.
    mutating func readMerges(_ bytes: [UInt8]) throws(TokenizerError) {
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        {
            let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if text.isEmpty || number == 0 && text.starts(with: "#version".utf8) { continue }
            let names = text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty,
                let left = String(validating: names[0], as: UTF8.self),
                let right = String(validating: names[1], as: UTF8.self)
            else {
                throw .invalid(
                    file: "merges.txt",
                    field: "line \(number + 1)",
                    expected: "two tokens with one space between them",
                    found: "\"\(String(decoding: text.prefix(80), as: UTF8.self))\""
                )
            }
            merges.append(Merge(left: left, right: right))
        }
    }
}
