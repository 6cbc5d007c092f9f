/// Watches a stream of text for stop strings, and holds back what could be the beginning of one.
package struct StopStringMatcher: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    package private(set) var hasMatched = false

    package init(_ stops: [String]) { self.stops = stops.filter { !$0.isEmpty }.map { Array($0.utf8) } }

    /// The text that is certainly part of the answer; nothing after a match.
    package mutating func append(_ text: String) -> String {
        guard !hasMatched else { return "" }
        guard !stops.isEmpty else { return text }
        held += Array(text.utf8)
        for start in held.indices where stops.contains(where: { held[start...].starts(with: $0) }) {
            hasMatched = true
            return take(start)
        }
        let safe = held.indices.first { start in
            stops.contains { $0.count > held.count - start && $0.starts(with: held[start...]) }
        }
        return take(safe ?? held.count)
    }

    /// What was held back, once it is known that nothing follows.
    package mutating func finish() -> String { hasMatched ? "" : take(held.count) }

    private mutating func take(_ count: Int) -> String {
        // Never in the middle of a character: a stop string begins at one, and the text came in whole ones.
        defer { held.removeFirst(count) }
        return String(decoding: held[..<count], as: UTF8.self)
    }
}
