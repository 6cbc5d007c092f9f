import Diagnostics

/// The value of an option that says how fast each decoder rank is beside the others, such as `2,1,1`.
enum RelativeSpeeds {
    /// One positive number for each rank.
    ///
    /// - Parameters:
    ///   - option: whose value it is.
    ///   - words: what the option may be instead, for the message.
    static func read(_ text: String, of option: String, ranks: Int, or words: [String]) throws(UsageError) -> [Double] {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let numbers = parts.compactMap { Double($0) }.filter { $0 > 0 && $0.isFinite }
        // One that is not a number would else be as if it were not there.
        guard parts.count == ranks, numbers.count == ranks else {
            let expected = words.joined(separator: ", ") + (words.isEmpty ? "" : " or ")
            throw UsageError("\(option) is \(text), expected \(expected)\(ranks) positive numbers with commas")
        }
        return numbers
    }
}
