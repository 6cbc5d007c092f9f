import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation
import Frontend
import Kernels
import RankProgram

/// `flotilla compare`: what a format changes in what a model says.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compares the logits of several formats on the same texts and pictures.",
        discussion: """
            Every token is given (teacher forcing). The first format is what the others are compared with: the KL \
            divergence from it, how often both find the same token most probable, and the largest difference of a \
            logit. One format is in memory at a time.
            """
    )

    @OptionGroup var model: ModelOption

    @Option(help: "Formats with commas, such as native,bf16,q8,q4,q4m; a packed checkpoint has its own alone.")
    var formats: String?

    @Option(
        help: ArgumentHelp(
            "Formats of the vision tower, with commas, such as native,bf16,q8: what each makes of pictures.",
            discussion: "In place of several formats of weights: one of those is what all have."
        )
    )
    var visionFormats: String?

    @Option(
        help: "A checkpoint whose own format is what the others are compared with, such as the one that was packed."
    )
    var reference: String?

    @Option(
        help: ArgumentHelp(
            "Formats in which partial sums would travel between --hosts, with commas, such as bf16,q8.",
            discussion: "In place of several formats of weights: one of those is what they are compared with."
        )
    )
    var wireFormats: String?

    @Option(help: "With --wire-formats: so many hosts with a decoder rank each, in whose place this process computes.")
    var hosts = 2

    @Option(help: "A file of texts, divided by empty lines, in place of the built-in texts and pictures.")
    var texts: String?

    @Option(help: "A picture, in place of the built-in texts and pictures; may be given several times.")
    var image: [String] = []

    @Option(help: "A file of conversations, a line as generate --batch takes it, in place of what is built in.")
    var conversations: String?

    @Option(help: "Positions that are compared at most, about; their logits are kept in float32.")
    var positions = 1024

    @Option(help: "Threads; by default all processors.")
    var threads: Int?

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() throws {
        let checkpoint = try Checkpoint(directory: try model.directory())
        let subjects = try subjects(checkpoint)
        let texts = try comparisonSet(checkpoint)
        let needed =
            FormatComparison.referenceBytes(texts.texts, checkpoint)
            + FormatComparison.pictureBytes(texts.texts, checkpoint, towers: Set(subjects.map(\.visionFormat)).count)
        let longest = texts.texts.map(\.ids.count).max() ?? 0
        for subject in subjects { try checkMemory(subject, longest, besides: needed) }
        var comparison = FormatComparison(texts.texts, checkpoint, threads: threads)
        let first = subjects[0]
        Self.note("\(first.name) …")
        try comparison.runReference(first)
        var table = ComparisonTable(
            model: checkpoint.config.modelName,
            reference: reference == nil
                ? first.name : "\(first.checkpoint.config.modelName), \(first.format.rawValue)"
        )
        for subject in subjects.dropFirst() {
            Self.note("\(subject.name) …")
            let results = try comparison.run(subject)
            table.add(subject, results, kinds: texts.kinds, comparison.visualDifference(subject, from: first))
        }
        StandardOutput.say((json ? try table.json() : table.text) + "\n")
    }

    /// The reference first.
    private func subjects(_ checkpoint: Checkpoint) throws -> [FormatComparison.Subject] {
        if let threads, !(1...1024).contains(threads) {
            throw UsageError("--threads is \(threads), expected 1 to 1024")
        }
        if let visionFormats { return try visionSubjects(checkpoint, visionFormats) }
        if let wireFormats { return try wireSubjects(checkpoint, wireFormats) }
        let all = checkpoint.storedFormat.isQuantised ? [checkpoint.storedFormat] : WeightFormat.allCases
        let asked = try formats?.split(separator: ",").map { try WeightFormat(option: String($0)) } ?? all
        var subjects = try asked.map {
            FormatComparison.Subject(checkpoint, try checkpoint.format(asked: $0))
        }
        if let reference {
            let other = try Checkpoint(directory: ModelDirectory.find(reference))
            guard other.config.decoder == checkpoint.config.decoder else {
                throw UsageError("\(other.config.modelName) and \(checkpoint.config.modelName) have different shapes")
            }
            subjects.insert(FormatComparison.Subject(other, other.storedFormat), at: 0)
        }
        guard subjects.count >= 2 else {
            throw UsageError(
                "there is nothing to compare \(asked.map(\.rawValue).joined(separator: ",")) with",
                hint: "name two formats or more, or --reference DIR"
            )
        }
        return subjects
    }

    /// The weights' format with a tower in each of the formats asked for.
    private func visionSubjects(_ checkpoint: Checkpoint, _ wanted: String) throws -> [FormatComparison.Subject] {
        guard reference == nil, wireFormats == nil, !(formats ?? "").contains(",") else {
            throw UsageError("--vision-formats are compared with one format of weights: name one with --formats")
        }
        let towers = try wanted.split(separator: ",", omittingEmptySubsequences: false).map {
            try VisionFormat(option: String($0), of: "--vision-formats")
        }
        guard towers.count >= 2 else {
            throw UsageError(
                "there is nothing to compare \(wanted) with",
                hint: "name two formats of the tower or more"
            )
        }
        let format = try checkpoint.format(asked: try formats.map { try WeightFormat(option: $0) })
        return towers.map { FormatComparison.Subject(checkpoint, format, vision: $0) }
    }

    /// The weights' format with sums that travel as they are, then with each of the formats asked for.
    private func wireSubjects(_ checkpoint: Checkpoint, _ wanted: String) throws -> [FormatComparison.Subject] {
        guard reference == nil, !(formats ?? "").contains(",") else {
            throw UsageError("--wire-formats are compared with one format of weights: name one with --formats")
        }
        let most = checkpoint.config.decoder.heads
        guard (2...most).contains(hosts) else { throw UsageError("--hosts is \(hosts), expected 2 to \(most)") }
        let format = try checkpoint.format(asked: try formats.map { try WeightFormat(option: $0) })
        let wires = try wanted.split(separator: ",", omittingEmptySubsequences: false).map {
            try WireFormat(option: String($0), of: "--wire-formats")
        }
        return [FormatComparison.Subject(checkpoint, format)]
            + wires.map { FormatComparison.Subject(checkpoint, format, wire: $0, hosts: hosts) }
    }

    private func comparisonSet(_ checkpoint: Checkpoint) throws -> ComparisonSet {
        guard (1...1_000_000).contains(positions) else {
            throw UsageError("--positions is \(positions), expected 1 to 1000000")
        }
        var set = try ComparisonSet(checkpoint)
        if texts == nil, image.isEmpty, conversations == nil {
            // In texts a tower has no part.
            if visionFormats == nil { set.addBuiltInTexts() }
            try set.addSamples()
        }
        if let texts { try set.addTexts(file: texts) }
        for picture in image { try set.add(picture: picture) }
        if let conversations { try set.add(conversations: conversations, of: checkpoint) }
        guard visionFormats == nil || set.kinds.contains(.images) else {
            throw UsageError("--vision-formats has no picture to compare", hint: "name some with --image")
        }
        set.keep(positions: positions)
        return set
    }

    private func checkMemory(_ subject: FormatComparison.Subject, _ longest: Int, besides bytes: Int) throws {
        var options = RankOptions(model: subject.checkpoint.directory)
        (options.format, options.visionFormat) = (subject.format, subject.visionFormat)
        // One text at a time, as exactly as can be.
        (options.cacheTokens, options.cacheElement) = (longest, .float32)
        try HostMemory.check(try GroupPlan(subject.checkpoint, options), besides: bytes)
    }

    private static func note(_ text: String) { StandardError.say("\(text)\n") }
}
