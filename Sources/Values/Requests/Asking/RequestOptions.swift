package import Constraints
package import Diagnostics

/// What a request asks for besides its conversation; the wire, the command line and batch files fill it, and it is
/// checked here.
package struct RequestOptions: Sendable, Equatable {
    package var sampling = Sampling()
    /// `nil`: one is drawn.
    package var seed: UInt64?
    /// Texts that end the answer; they are not part of it.
    package var stop: [String] = []
    package var think = ThinkMode.auto
    /// Tokens between the think tags at most; `nil` is no limit.
    package var thinkBudget: Int?
    /// The form of the answer behind any thinking; `nil` is any.
    package var format: AnswerFormat?
    /// Whether thinking that repeats itself without end is cut short.
    package var loopGuard = true
    /// The number of alternatives whose log-probabilities are wanted with each token; 0 is off.
    package var logprobs = 0
    /// The limit for tiles of a picture, the thumbnail not included; `nil` is the checkpoint's own.
    package var maxTiles: Int?
    /// `nil` is the checkpoint's own.
    package var tiling: PictureCut.Tiling?
    /// Whether pictures become RGB before they are resized.
    package var rgbFirst = false
    /// Whether pictures are turned as their EXIF says; a picture may say otherwise for itself.
    package var orient = false
    /// Whether the answer is wanted as it comes.
    package var stream = true
    package var deadlineMilliseconds: Int?
    /// Whether drafts may be tried where the server does; the answer is the same, only sooner.
    package var speculate = true
    /// Whether the end of the answer has a receipt.
    package var receipt = false

    package init() {}

    /// Refuses values outside their range, naming the one by its name on the wire.
    package func check() throws(UsageError) {
        try checkRanges()
        do throws(FormatRefusal) { try format?.check() } catch { throw UsageError("format: \(error)") }
    }

    /// The same but for the format.
    package func checkRanges() throws(UsageError) {
        try sampling.check()
        guard stop.count <= 16 else { throw UsageError("stop has \(stop.count) texts, expected 16 at most") }
        guard stop.allSatisfy({ (1...1024).contains($0.utf8.count) }) else {
            throw UsageError("stop holds a text that is empty or longer than 1024 bytes")
        }
        try Self.require("think_budget", thinkBudget, 0...Int.max, "0 or more")
        try Self.require("max_tiles", maxTiles, 1...64, "1 to 64")
        try Self.require("logprobs", logprobs, 0...20, "0 to 20")
        try Self.require("deadline_ms", deadlineMilliseconds, 1...1_000_000_000, "1 to 1000000000")
    }

    private static func require(
        _ name: String,
        _ value: Int?,
        _ range: ClosedRange<Int>,
        _ expected: String
    ) throws(UsageError) {
        if let value, !range.contains(value) { throw UsageError("\(name) is \(value), expected \(expected)") }
    }

    /// A seed that every reader of JSON gives back as it is, also those that take all numbers for doubles.
    package static func drawnSeed() -> UInt64 { UInt64.random(in: 0..<(1 << 53)) }
}
