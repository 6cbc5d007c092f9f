internal import Requests

/// What followed what in answers of late: in those to the same prompt, and in those that the same asker got.
///
/// Whoever asks the same again, or about other pictures, or anything that is answered in like words, finds in them what may
/// come next.
///
/// Bounded in tokens and askers; what was used longest ago goes first.
struct AnswerMemory: Sendable {
    /// Whose answers.
    enum Source: Hashable, Sendable {
        /// Everybody's to one prompt with its pictures.
        case prompt(PageKey)
        /// One asker's to anything.
        case asker(Int)

        /// Tokens that are kept of late at least, and twice as many at most.
        var tokens: Int {
            switch self {
            case .prompt: 4096
            case .asker: 16_384
            }
        }
    }

    /// Two tables: what falls out of use is in the older one, and goes with it.
    struct Followers: Sendable {
        private var recent = FollowerTable()
        private var older = FollowerTable()
        fileprivate var used = 0

        var tokenCount: Int { recent.tokenCount + older.tokenCount }
        var byteCount: Int { recent.byteCount + older.byteCount }

        subscript(name: UInt32) -> FollowerTable.Follower? { recent[name] ?? older[name] }

        /// - Parameter most: tokens of the newer table.
        mutating func note(_ token: Int32, after contexts: TextEnd.Contexts, most: Int) {
            if recent.tokenCount >= most { (older, recent) = (recent, FollowerTable()) }
            recent.note(token, after: contexts, older: older)
        }
    }

    private let maxTokens: Int
    private var sources: [Source: Followers] = [:]
    private var clock = 0
    private(set) var tokenCount = 0

    /// Prompts and askers that are known at a time: each has a table of its own.
    static let mostSources = 4096

    init(maxTokens: Int) { self.maxTokens = maxTokens }

    /// Bytes that all tables take.
    var byteCount: Int { sources.values.reduce(0) { $0 + $1.byteCount } }

    /// Keeps an answer.
    ///
    /// - Parameters:
    ///   - answer: its last tokens, or all.
    ///   - end: of the text before them.
    mutating func keep(_ answer: some Sequence<Int32>, after end: TextEnd, of source: Source) {
        clock += 1
        // Taken out, so that it grows where it lies.
        var followers = sources.removeValue(forKey: source) ?? Followers()
        tokenCount -= followers.tokenCount
        var end = end
        for token in answer {
            followers.note(token, after: end.contexts, most: source.tokens)
            end.append(token)
        }
        followers.used = clock
        tokenCount += followers.tokenCount
        sources[source] = followers
        while tokenCount > maxTokens || sources.count > Self.mostSources,
            let oldest = sources.min(by: { $0.value.used < $1.value.used })
        {
            tokenCount -= oldest.value.tokenCount
            sources[oldest.key] = nil
        }
    }

    /// Somebody begins to look here.
    mutating func touch(_ source: Source) {
        clock += 1
        sources[source]?.used = clock
    }

    /// What followed what; `nil` where there were no answers, or long ago.
    func followers(_ source: Source) -> Followers? { sources[source] }
}
