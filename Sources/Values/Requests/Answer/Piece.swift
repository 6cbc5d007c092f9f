/// The next piece of the reasoning or of the answer, in whole characters, and the tokens behind it.
package struct Piece: Codable, Sendable, Equatable {
    package var text: String
    package var ids: [Int32]
    /// One for each of `ids`, if the request asked for them.
    package var logprobs: [TokenLogprobs]?

    package init(text: String, ids: [Int32], logprobs: [TokenLogprobs] = []) {
        self.text = text
        self.ids = ids
        self.logprobs = logprobs.isEmpty ? nil : logprobs
    }
}
