/// Keeps what strangers can cause from filling the log: the first few lines of a kind, then how many more there were.
///
/// A pure value: the caller tells the time, as a duration since any fixed moment.
struct LogThrottle<Kind: Hashable & Sendable>: Sendable {
    /// Lines of a kind that are said in a span of time, whose rest is counted.
    let lines: Int
    let span: Duration
    private var spans: [Kind: Span] = [:]

    private struct Span {
        let end: Duration
        var said = 0
        var more = 0
    }

    enum Verdict: Equatable {
        case say
        /// It is counted; `spanEnd` is told for the first, so that somebody asks for the summary then.
        case hold(spanEnd: Duration?)
    }

    init(lines: Int = 5, span: Duration = .seconds(10)) {
        self.lines = lines
        self.span = span
    }

    /// Whether a line is said now.
    mutating func judge(_ kind: Kind, now: Duration) -> Verdict {
        var current = spans[kind] ?? Span(end: now + span)
        // With lines held back it stays until its summary was asked for, however late that is.
        if current.end <= now, current.more == 0 { current = Span(end: now + span) }
        defer { spans[kind] = current }
        if current.said < lines {
            current.said += 1
            return .say
        }
        current.more += 1
        return .hold(spanEnd: current.more == 1 ? current.end : nil)
    }

    /// How many lines of a kind were held back in the span that ends; a new one begins with the next line.
    mutating func summary(_ kind: Kind) -> Int { spans.removeValue(forKey: kind)?.more ?? 0 }
}
