/// A token that stands beside the byte-pair vocabulary: matched as a whole, never made by merges.
struct AddedToken: Sendable, Equatable {
    let content: String
    let id: Int32
    /// Left out where special tokens are skipped.
    let isSpecial: Bool
    /// Looked for in the normalised text instead of the text as typed.
    let isNormalized: Bool
}

/// The added tokens of several files, which may repeat each other but not differ.
struct AddedTokenList {
    private struct Entry {
        var id: Int32
        var isSpecial: Bool?
        var isNormalized: Bool?
    }

    private var entries: [String: Entry] = [:]

    /// Adds what one file says; what it leaves open stays `nil`.
    ///
    /// Returns the other id if the token has one already.
    mutating func add(_ content: String, id: Int32, isSpecial: Bool?, isNormalized: Bool?) -> Int32? {
        var entry = entries[content] ?? Entry(id: id)
        guard entry.id == id else { return entry.id }
        entry.isSpecial = entry.isSpecial ?? isSpecial
        entry.isNormalized = entry.isNormalized ?? isNormalized
        entries[content] = entry
        return nil
    }

    /// All of them by id, with Hugging Face's defaults: not special, and normalised unless special.
    var tokens: [AddedToken] {
        entries.map { content, entry in
            let isSpecial = entry.isSpecial ?? false
            return AddedToken(
                content: content,
                id: entry.id,
                isSpecial: isSpecial,
                isNormalized: entry.isNormalized ?? !isSpecial
            )
        }
        .sorted { $0.id < $1.id }
    }
}
