package import Diagnostics
internal import PageFiles
internal import Requests

/// A plan that could not be read: ranks of different versions, or memory that was overwritten.
package struct StepPlanError: OperatorError, Equatable {
    package let description: String
    package var hint: String? { "every rank must run the same binary" }
    package var exitCode: ExitCode { .ranksDisagree }
}

/// The plan as 32-bit words: counts, then elements, section after section.
extension StepPlan {
    private static let magic: Int32 = 0x464C_5035  // "FLP5"

    package func encoded(into words: inout [Int32]) {
        words.removeAll(keepingCapacity: true)
        words.append(Self.magic)
        words.append(isShutdown ? 1 : 0)
        words.append(Int32(openings.count))
        for opening in openings { words.append(contentsOf: [opening.slot, opening.tokens]) }
        words.append(Int32(arrivals.count))
        for tile in arrivals { words.append(contentsOf: [tile.source, tile.slot, tile.offset, tile.tokens]) }
        words.append(Int32(closings.count))
        words.append(contentsOf: closings)
        words.append(Int32(transfers.count))
        for transfer in transfers { words.append(contentsOf: transfer.words) }
        words.append(Int32(drops.count))
        for key in drops { words.append(contentsOf: key.words) }
        words.append(Int32(runs.count))
        for run in runs { run.encode(into: &words) }
        words.append(Int32(tokens.count))
        words.append(contentsOf: tokens)
        words.append(Int32(visual.count))
        for rows in visual { words.append(contentsOf: [rows.row, rows.count, rows.slot, rows.offset]) }
    }

    package init(decoding words: UnsafeBufferPointer<Int32>) throws(StepPlanError) {
        var reader = WordReader(words: words)
        guard try reader.next() == Self.magic else {
            throw StepPlanError(description: "a step plan begins with an unknown word")
        }
        isShutdown = try reader.next() != 0
        for _ in 0..<(try reader.count(of: 2)) {
            openings.append(ImageOpening(slot: try reader.next(), tokens: try reader.next()))
        }
        for _ in 0..<(try reader.count(of: 4)) {
            arrivals.append(
                TileArrival(
                    source: try reader.next(),
                    slot: try reader.next(),
                    offset: try reader.next(),
                    tokens: try reader.next()
                )
            )
        }
        closings = try reader.array(try reader.count(of: 1))
        for _ in 0..<(try reader.count(of: PageTransfer.wordCount)) {
            transfers.append(try PageTransfer(words: try reader.array(PageTransfer.wordCount)[...]))
        }
        for _ in 0..<(try reader.count(of: PageKey.wordCount)) {
            drops.append(PageKey(words: try reader.array(PageKey.wordCount)[...]))
        }
        for _ in 0..<(try reader.count(of: 4)) { runs.append(try Run(from: &reader)) }
        tokens = try reader.array(try reader.count(of: 1))
        for _ in 0..<(try reader.count(of: 4)) {
            visual.append(
                VisualRows(
                    row: try reader.next(),
                    count: try reader.next(),
                    slot: try reader.next(),
                    offset: try reader.next()
                )
            )
        }
    }
}

extension StepPlan.Run {
    fileprivate func encode(into words: inout [Int32]) {
        words.append(start)
        words.append(count)
        words.append(logits.rawValue)
        words.append(Int32(pages.count))
        words.append(contentsOf: pages)
        guard logits != .none else { return }
        words.append(drafts)
        choice.encode(into: &words)
    }

    fileprivate init(from reader: inout WordReader) throws(StepPlanError) {
        start = try reader.next()
        count = try reader.next()
        let use = try reader.next()
        guard let logits = StepPlan.LogitsUse(rawValue: use) else {
            throw StepPlanError(description: "a step plan asks for logits of kind \(use)")
        }
        self.logits = logits
        pages = try reader.array(try reader.count(of: 1))
        drafts = logits == .none ? 0 : try reader.next()
        guard drafts >= 0, drafts == 0 || drafts < count else {
            throw StepPlanError(description: "a step plan has \(drafts) drafts among \(count) tokens")
        }
        choice = logits == .none ? TokenChoice() : try TokenChoice(from: &reader)
    }
}

/// Reads words in order and never past the end.
struct WordReader {
    let words: UnsafeBufferPointer<Int32>
    var position = 0

    mutating func next() throws(StepPlanError) -> Int32 {
        guard position < words.count else { throw StepPlanError(description: "a step plan ends too early") }
        position += 1
        return words[position - 1]
    }

    /// A count of elements of at least `size` words each, of which so many can still follow.
    mutating func count(of size: Int) throws(StepPlanError) -> Int {
        let count = Int(try next())
        guard count >= 0, count * size <= words.count - position else {
            throw StepPlanError(description: "a step plan announces \(count) elements that it does not hold")
        }
        return count
    }

    mutating func float() throws(StepPlanError) -> Float { Float(bitPattern: UInt32(bitPattern: try next())) }

    mutating func array(_ count: Int) throws(StepPlanError) -> [Int32] {
        defer { position += count }
        return Array(words[position..<(position + count)])
    }
}
