import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation
import GroupLauncher
import ImagePreprocessing
import Kernels
import RankProgram

/// The options that shape a group: how many ranks, how many threads, how much cache.
struct GroupOptions: ParsableArguments {
    @Option(help: "Ranks that share the decoder, from 1 to the number of query heads.")
    var decoderRanks = 1

    @Option(help: "Ranks that encode pictures, or auto: one on each host.")
    var visionRanks = "1"

    @Option(help: "Threads that compute on each rank; by default a fair share of the host's processors.")
    var threads: Int?

    @Option(
        help: """
            Threads of each vision rank; beside decoder ranks all but one give way to everybody else. By default a fair share of \
            the host's cores, or as many as --threads.
            """
    )
    var visionThreads: Int?

    @Option(
        help:
            "How the decoder's weights are held: native, bf16, q8, q4 or q4m; by default as the checkpoint stores them."
    )
    var format: String?

    @Option(
        help: ArgumentHelp(
            "How the vision tower's weights are held: \(VisionFormat.names); by default bf16 with --format bf16, else native.",
            discussion: "q8 makes pictures' tokens twice as fast and more where the processor has VNNI; not the same."
        )
    )
    var visionFormat: String?

    @Option(
        help: """
            Where weights are held: copy (the rank's memory), keep (memory that outlives it, so that it is back sooner), or of a \
            packed checkpoint map (the file's pages) or lock.
            """
    )
    var weights = WeightPlacement.copy.rawValue

    @Option(help: "How keys and values are cached: \(Self.cacheNames); by default f16.")
    var kv: String?

    @Option(
        help: ArgumentHelp(
            "How partial sums travel between hosts: \(WireFormat.names).",
            discussion: "All but f32 round, so that answers have other bits than those of one host or of other ranks."
        )
    )
    var wireFormat = WireFormat.f32.rawValue

    @Option(help: "Tokens that the KV cache has room for, over all sequences.")
    var context: Int?

    @Option(help: "Tokens of prompts in one step at most.")
    var prefillChunk = 256

    @Option(help: "Sequences under way at once at most.")
    var maxSequences: Int?

    @Option(
        help: "How much longer a step may last for the sake of prompts while streams are decoding; 0: a whole chunk."
    )
    var decodeSlowdown = 1.2

    @Option(
        help:
            "Where drafts come from, which change no token: lookup (what came before), draft (--draft as well), or off."
    )
    var speculate = SpeculationMode.lookup.rawValue

    @Option(
        help: "How the decoder is shared: equal, by relative speeds such as 2,1,1, or auto: as measured at each start."
    )
    var shares: String?

    @Option(help: "The relative speed of the decoder ranks' machines, such as 2,1,1; the same as --shares 2,1,1.")
    var rankWeights: String?

    @Option(
        parsing: .unconditional,
        help: "A directory to which pages of the KV cache go that leave memory, and from which they come back."
    )
    var kvCacheDir: String?

    @Option(help: "GiB that each decoder rank's pages may take there; 16 by default.")
    var kvCacheSize: Double?

    @Option(help: "Pixels of a picture at most; decoding takes up to 12 bytes a pixel, on each vision rank.")
    var maxPixels = ImageLimits.standard.maxPixels

    /// The options as ranks take them.
    ///
    /// - Parameters:
    ///   - cacheTokens: the size of the cache when `--context` does not say.
    ///   - maxSequences: the number of sequences when `--max-sequences` does not say.
    ///   - hosts: for `--vision-ranks auto`; `nil` is this host alone.
    ///   - groups: that share the hosts.
    func rankOptions(
        model: URL,
        cacheTokens: Int,
        maxSequences: Int,
        hosts: @autoclosure () throws -> Hostfile? = nil,
        groups: Int = 1
    ) throws -> RankOptions {
        var options = RankOptions(model: model)
        options.decoderRanks = try within(decoderRanks, 1...4096, "--decoder-ranks")
        options.spreadsVision = visionRanks == "auto"
        if options.spreadsVision {
            options.visionRanks = (try hosts())?.visionRanks(beside: decoderRanks, groups: groups) ?? 1
        } else {
            guard let count = Int(visionRanks) else {
                throw UsageError("--vision-ranks is \(visionRanks), expected a number or auto")
            }
            options.visionRanks = try within(count, 1...4096, "--vision-ranks")
        }
        options.threads = try threads.map { try within($0, 1...1024, "--threads") }
        options.visionThreads = try visionThreads.map { try within($0, 1...1024, "--vision-threads") }
        options.cacheElement = try cacheElement()
        options.cacheTokens = try within(context ?? cacheTokens, 1...100_000_000, "--context")
        options.prefillChunk = try within(prefillChunk, 1...4096, "--prefill-chunk")
        options.maxSequences = try within(self.maxSequences ?? maxSequences, 1...1024, "--max-sequences")
        guard decodeSlowdown == 0 || (1...1000).contains(decodeSlowdown) else {
            throw UsageError("--decode-slowdown is \(decodeSlowdown), expected 1 or more, or 0 for no bound")
        }
        options.decodeSlowdown = decodeSlowdown == 0 ? nil : decodeSlowdown
        guard let speculation = SpeculationMode(rawValue: speculate) else {
            throw UsageError("--speculate is \(speculate), expected off, lookup or draft")
        }
        options.speculation = speculation
        options.wireFormat = try WireFormat(option: wireFormat)
        try setPages(&options)
        options.rankWeights = try speeds()
        options.measuresShares = shares == "auto"
        options.maxPixels = try pixelLimit()
        options.format = try format.map { try WeightFormat(option: $0) }
        options.visionFormat = try visionFormat.map { try VisionFormat(option: $0) }
        guard let placement = WeightPlacement(rawValue: weights) else {
            throw UsageError("--weights is \(weights), expected copy, keep, map or lock")
        }
        options.placement = placement
        return options
    }

    /// Pages on disk, which are those of one model in one way of computing it.
    private func setPages(_ options: inout RankOptions) throws(UsageError) {
        guard let kvCacheDir else {
            guard kvCacheSize == nil else {
                throw UsageError("--kv-cache-size was given without --kv-cache-dir")
            }
            return
        }
        guard options.wireFormat.isExact else {
            throw UsageError(
                "--kv-cache-dir does not go with --wire-format \(wireFormat)",
                hint: "rounded sums depend on where ranks are, and pages on disk would be those of another place"
            )
        }
        let gibibytes = kvCacheSize ?? Self.defaultCacheGibibytes
        guard gibibytes > 0, gibibytes <= 1_048_576 else {
            throw UsageError("--kv-cache-size is \(gibibytes), expected more than 0, and 1048576 at most")
        }
        options.pageDirectory = URL(fileURLWithPath: kvCacheDir).path
        options.pageDirectoryBytes = Int((gibibytes * Double(1 << 30)).rounded())
    }

    private static let defaultCacheGibibytes = 16.0

    /// `--max-pixels`, checked.
    func pixelLimit() throws -> Int { try within(maxPixels, 1...1_000_000_000, "--max-pixels") }

    private func within(_ value: Int, _ range: ClosedRange<Int>, _ name: String) throws -> Int {
        if range.contains(value) { return value }
        throw UsageError("\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }

    private func cacheElement() throws -> KVLayout.Element {
        guard let kv else { return .float16 }
        if let known = RankOptions.cacheElements.first(where: { $0.name == kv }) { return known.element }
        throw UsageError("--kv is \(kv), expected \(Self.cacheNames)")
    }

    private static var cacheNames: String { RankOptions.cacheElements.map(\.name).alternatives }

    private func speeds() throws -> [Double]? {
        if let shares, rankWeights != nil {
            throw UsageError(
                "--shares \(shares) and --rank-weights say the same thing twice",
                hint: "give --shares alone"
            )
        }
        let named = shares.map { ("--shares", $0) } ?? rankWeights.map { ("--rank-weights", $0) }
        guard let (name, text) = named, !(shares != nil && ["auto", "equal"].contains(text)) else { return nil }
        return try RelativeSpeeds.read(text, of: name, ranks: decoderRanks, or: shares == nil ? [] : ["auto", "equal"])
    }
}

/// A format that an option names.
protocol OptionFormat: CaseIterable, RawRepresentable<String> {
    /// The option that says it, where no other is named.
    static var option: String { get }
}

extension OptionFormat {
    static var names: String { allCases.map(\.rawValue).alternatives }

    /// The value of an option.
    init(option text: String, of option: String = Self.option) throws(UsageError) {
        guard let format = Self(rawValue: text) else {
            throw UsageError("\(option) is \(text), expected \(Self.names)")
        }
        self = format
    }
}

extension WireFormat: OptionFormat { static let option = "--wire-format" }
extension WeightFormat: OptionFormat { static let option = "--format" }
extension VisionFormat: OptionFormat { static let option = "--vision-format" }

extension [String] {
    /// For messages: `a, b or c`.
    var alternatives: String { dropLast().joined(separator: ", ") + " or " + (last ?? "") }
}
