/// Divides the tokens of prompts that a step may take among the prompts that are being read.
///
/// Whoever has read least of late waits longest, so: a quarter for the prompt that came first, so that a stream of short
/// ones cannot starve a long one; then the short ones, the nearest to their promise first; then the shortest remainder
/// first. Nothing is left over while some prompt could take it, so a prompt loses no more than the others' own work.
///
/// - SeeAlso: Schrage, *A Proof of the Optimality of the Shortest Remaining Processing Time Discipline*, 1968.
struct PromptShares {
    /// A prompt that is being read.
    struct Reader: Equatable {
        /// Its place in the order of arrival.
        var number: Int
        /// Tokens that are not in the cache, and how many of them can be computed now.
        var remaining: Int
        var ready: Int
        /// Steps in which a short prompt's first token is to come; `nil` for a long one.
        var stepsLeft: Int?

        /// Tokens that this step must take for the promise to be kept with as many in each step that follows.
        var urgent: Int {
            guard let stepsLeft, ready == remaining else { return 0 }
            return (remaining + stepsLeft - 1) / stepsLeft
        }
    }

    /// The first to come gets one part in so many.
    static let shareOfOldest = 4

    /// The tokens that each of `readers` gets.
    ///
    /// - Parameters:
    ///   - budget: tokens that the step has for all of them.
    ///   - urgent: tokens that it has for short ones besides; no more than they ask for.
    static func divide(_ readers: [Reader], budget: Int, urgent: Int = 0) -> [Int] {
        var counts = Array(repeating: 0, count: readers.count)
        var left = budget + urgent
        func give(_ index: Int, atMost limit: Int) {
            let count = min(limit, left, readers[index].ready - counts[index])
            counts[index] += count
            left -= count
        }
        let ready = readers.indices.filter { readers[$0].ready > 0 }
        if let oldest = ready.min(by: { readers[$0].number < readers[$1].number }) {
            give(oldest, atMost: (budget + shareOfOldest - 1) / shareOfOldest)
        }
        for index in ready.sorted(by: { comesFirst(readers[$0], readers[$1]) }) { give(index, atMost: left) }
        return counts
    }

    /// The order in which readers are served: a total one, so that it is the same in every run.
    static func comesFirst(_ one: Reader, _ other: Reader) -> Bool {
        (one.stepsLeft ?? .max, one.remaining, one.number) < (other.stepsLeft ?? .max, other.remaining, other.number)
    }
}
