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
///
/// Neither way allocates where the words, or the plan, have had as much in them before.
extension StepPlan {
    private static let magic: Int32 = 0x464C_5035  // "FLP5"

    package func encoded(into words: inout [Int32]) {
        words.removeAll(keepingCapacity: true)
        words.append(Self.magic)
        words.append(isShutdown ? 1 : 0)
        words.append(Int32(openings.count))
        for opening in openings { opening.encode(into: &words) }
        words.append(Int32(arrivals.count))
        for tile in arrivals { tile.encode(into: &words) }
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
        for rows in visual { rows.encode(into: &words) }
    }

    package init(decoding words: UnsafeBufferPointer<Int32>) throws(StepPlanError) {
        try decode(words)
    }

    /// Makes the plan what the words say; where they say nothing that makes sense, it is to be thrown away.
    package mutating func decode(_ words: UnsafeBufferPointer<Int32>) throws(StepPlanError) {
        var reader = WordReader(words: words)
        guard try reader.next() == Self.magic else {
            throw StepPlanError(description: "a step plan begins with an unknown word")
        }
        isShutdown = try reader.next() != 0
        openings.removeAll(keepingCapacity: true)
        for _ in 0..<(try reader.count(of: 2)) { openings.append(try ImageOpening(from: &reader)) }
        arrivals.removeAll(keepingCapacity: true)
        for _ in 0..<(try reader.count(of: 4)) { arrivals.append(try TileArrival(from: &reader)) }
        try reader.read(try reader.count(of: 1), into: &closings)
        transfers.removeAll(keepingCapacity: true)
        for _ in 0..<(try reader.count(of: PageTransfer.wordCount)) {
            transfers.append(try PageTransfer(words: try reader.array(PageTransfer.wordCount)[...]))
        }
        drops.removeAll(keepingCapacity: true)
        for _ in 0..<(try reader.count(of: PageKey.wordCount)) {
            drops.append(PageKey(words: try reader.array(PageKey.wordCount)[...]))
        }
        try decodeRuns(&reader)
        try reader.read(try reader.count(of: 1), into: &tokens)
        visual.removeAll(keepingCapacity: true)
        for _ in 0..<(try reader.count(of: 4)) { visual.append(try VisualRows(from: &reader)) }
    }

    /// Runs stay where they are, so that their lists keep their memory.
    private mutating func decodeRuns(_ reader: inout WordReader) throws(StepPlanError) {
        let count = try reader.count(of: 4)
        for place in 0..<count {
            if place == runs.count { runs.append(Run(start: 0, count: 0, pages: [], logits: .none)) }
            try runs[place].decode(&reader)
        }
        runs.removeLast(runs.count - count)
    }
}

extension StepPlan.ImageOpening {
    fileprivate func encode(into words: inout [Int32]) {
        words.append(slot)
        words.append(tokens)
    }

    fileprivate init(from reader: inout WordReader) throws(StepPlanError) {
        slot = try reader.next()
        tokens = try reader.next()
    }
}

extension StepPlan.TileArrival {
    fileprivate func encode(into words: inout [Int32]) {
        words.append(source)
        words.append(slot)
        words.append(offset)
        words.append(tokens)
    }

    fileprivate init(from reader: inout WordReader) throws(StepPlanError) {
        source = try reader.next()
        slot = try reader.next()
        offset = try reader.next()
        tokens = try reader.next()
    }
}

extension StepPlan.VisualRows {
    fileprivate func encode(into words: inout [Int32]) {
        words.append(row)
        words.append(count)
        words.append(slot)
        words.append(offset)
    }

    fileprivate init(from reader: inout WordReader) throws(StepPlanError) {
        row = try reader.next()
        count = try reader.next()
        slot = try reader.next()
        offset = try reader.next()
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

    fileprivate mutating func decode(_ reader: inout WordReader) throws(StepPlanError) {
        start = try reader.next()
        count = try reader.next()
        let use = try reader.next()
        guard let logits = StepPlan.LogitsUse(rawValue: use) else {
            throw StepPlanError(description: "a step plan asks for logits of kind \(use)")
        }
        self.logits = logits
        try reader.read(try reader.count(of: 1), into: &pages)
        drafts = logits == .none ? 0 : try reader.next()
        guard drafts >= 0, drafts == 0 || drafts < count else {
            throw StepPlanError(description: "a step plan has \(drafts) drafts among \(count) tokens")
        }
        if logits == .none { choice = TokenChoice() } else { try choice.decode(&reader) }
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

    /// Replaces what is in a list by the next words, in the memory that it has.
    mutating func read(_ count: Int, into list: inout [Int32]) throws(StepPlanError) {
        list.removeAll(keepingCapacity: true)
        list.append(contentsOf: UnsafeBufferPointer(rebasing: words[position..<(position + count)]))
        position += count
    }

    mutating func array(_ count: Int) throws(StepPlanError) -> [Int32] {
        defer { position += count }
        return Array(words[position..<(position + count)])
    }
}
