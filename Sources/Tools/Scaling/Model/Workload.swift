/// A step that is measured or foretold: so many tokens of so many sequences, behind a context.
package struct Workload: Codable, Hashable, Sendable {
    package enum Kind: String, Codable, Sendable {
        /// A token of each sequence.
        case decode
        /// A prompt, or a part of one.
        case prefill
    }

    package var kind: Kind
    package var sequences: Int
    /// Of each sequence.
    package var tokens: Int
    /// Tokens of each sequence that are in the cache.
    package var context: Int

    package static func decode(sequences: Int = 1, context: Int = 0) -> Workload {
        Workload(kind: .decode, sequences: sequences, tokens: 1, context: context)
    }

    package static func prefill(_ tokens: Int, context: Int = 0) -> Workload {
        Workload(kind: .prefill, sequences: 1, tokens: tokens, context: context)
    }

    private init(kind: Kind, sequences: Int, tokens: Int, context: Int) {
        (self.kind, self.sequences, self.tokens, self.context) = (kind, sequences, tokens, context)
    }

    package var rows: Int { sequences * tokens }

    /// `decode of 4 sequences`, `prefill of 256`.
    package var title: String {
        let behind = context > 0 ? " at \(context)" : ""
        switch kind {
        case .decode: return (sequences == 1 ? "decode" : "decode of \(sequences) sequences") + behind
        case .prefill: return "prefill of \(tokens)" + behind
        }
    }

    /// In one word: `decode:1:1:0`.
    package var word: String { "\(kind.rawValue):\(sequences):\(tokens):\(context)" }

    /// `nil` if it is no such word.
    package init?(word: some StringProtocol) {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 4, let kind = Kind(rawValue: String(parts[0])), let sequences = Int(parts[1]),
            let tokens = Int(parts[2]), let context = Int(parts[3]), sequences > 0, tokens > 0, context >= 0,
            kind == .decode ? tokens == 1 : sequences == 1
        else { return nil }
        self.init(kind: kind, sequences: sequences, tokens: tokens, context: context)
    }
}
