package import Checkpoints
package import Foundation
internal import ImagePreprocessing
package import Kernels
package import Requests
internal import Sharding

/// What every rank of a group is told on its command line; the same for all of them.
package struct RankOptions: Sendable, Equatable {
    package var model: URL
    package var decoderRanks = 1
    package var visionRanks = 1
    /// Threads that compute on each rank; `nil` is a fair share of the processors that the rank may use.
    package var threads: Int?
    /// Threads of each vision rank, those that give way included; `nil` is a fair share of its host's cores.
    package var visionThreads: Int?
    /// Whether vision ranks are to be on as many hosts as can be; the launcher's business, and not among the arguments.
    package var spreadsVision = false
    /// How matrices are held; `nil` is as the checkpoint stores them.
    package var format: WeightFormat?
    /// How those of the vision tower are; `nil` is what goes with `format`.
    package var visionFormat: VisionFormat?
    /// Where the matrices of a packed checkpoint are held.
    package var placement = WeightPlacement.copy
    package var cacheElement = KVLayout.Element.float16
    /// How partial sums travel between hosts.
    package var wireFormat = WireFormat.f32
    /// Tokens that the KV cache has room for, over all sequences.
    package var cacheTokens = 8192
    /// Tokens of prompts in one step at most.
    package var prefillChunk = 256
    /// Sequences under way at most.
    package var maxSequences = 8
    /// How much longer a step may last for the sake of prompts while streams are decoding; `nil`: whole chunks.
    package var decodeSlowdown: Double? = 1.2
    /// Where drafts come from.
    package var speculation = SpeculationMode.lookup
    /// Where each decoder rank keeps pages of the KV cache that leave memory, and how many bytes they may take there;
    /// `nil`: nowhere.
    package var pageDirectory: String?
    package var pageDirectoryBytes = 0
    /// Tokens by which ranks of a draft model run ahead of the answers for which they guess; 0 on all others.
    package var draftLead = 0
    /// The relative speed of the decoder ranks; `nil` is equal.
    package var rankWeights: [Double]?
    /// Whether the ranks measure their speed at start, and take shares by that.
    package var measuresShares = false
    /// What each decoder rank has room for, once that was measured; not among the arguments.
    var shareRoom: ShareRoom?
    /// What computing and summing cost there; the same.
    var shareCosts = ShareCosts.nominal

    /// Pictures with more pixels are refused.
    package var maxPixels = ImageLimits.standard.maxPixels

    package init(model: URL) { self.model = model }

    package var worldSize: Int { decoderRanks + visionRanks }

    /// The name of the format in which partial sums travel between hosts; `nil` where they travel as they are.
    package var roundingWire: String? { wireFormat.isExact ? nil : wireFormat.rawValue }

    /// The vision tower's format in a group that runs in `format`.
    package func visionFormat(beside format: WeightFormat) -> VisionFormat { visionFormat ?? VisionFormat(of: format) }

    /// The name of the vision tower's format; `nil` where it is the one that goes with `format`.
    package func ownVisionFormat(beside format: WeightFormat) -> String? {
        let own = visionFormat(beside: format)
        return own == VisionFormat(of: format) ? nil : own.rawValue
    }

    /// What decides the bits of a group with these options that runs in `format`.
    package func computation(in format: WeightFormat) -> Receipt.Computation {
        Receipt.Computation(
            format: format.rawValue,
            kv: Self.name(of: cacheElement),
            vision: ownVisionFormat(beside: format),
            wire: roundingWire
        )
    }

    /// Whether a world rank holds a shard of the decoder; the ranks behind are vision ranks.
    package func isDecoder(_ worldRank: Int) -> Bool { worldRank < decoderRanks }

    /// The options as `flotilla rank` reads them.
    package var arguments: [String] {
        var list = [
            "--model", model.path,
            "--decoder-ranks", String(decoderRanks),
            "--vision-ranks", String(visionRanks),
            "--weights", placement.rawValue,
            "--kv", Self.name(of: cacheElement),
            "--context", String(cacheTokens),
            "--prefill-chunk", String(prefillChunk),
            "--max-sequences", String(maxSequences),
            "--decode-slowdown", String(decodeSlowdown ?? 0),
            "--max-pixels", String(maxPixels),
            "--speculate", speculation.rawValue,
        ]
        if draftLead > 0 { list += ["--draft-lead", String(draftLead)] }
        if let format { list += ["--format", format.rawValue] }
        if let visionFormat { list += ["--vision-format", visionFormat.rawValue] }
        if !wireFormat.isExact { list += ["--wire-format", wireFormat.rawValue] }
        if let threads { list += ["--threads", String(threads)] }
        if let visionThreads { list += ["--vision-threads", String(visionThreads)] }
        if let rankWeights { list += ["--rank-weights", rankWeights.map { String($0) }.joined(separator: ",")] }
        if let pageDirectory {
            let gibibytes = Double(pageDirectoryBytes) / Double(1 << 30)
            list += ["--kv-cache-dir", pageDirectory, "--kv-cache-size", String(gibibytes)]
        }
        if measuresShares { list += ["--shares", "auto"] }
        return list
    }

    /// The same for another number of decoder ranks; speeds by hand are those of as many ranks as there are numbers.
    package func resized(to decoderRanks: Int, visionRanks: Int? = nil) -> RankOptions {
        var options = self
        options.decoderRanks = decoderRanks
        options.visionRanks = visionRanks ?? options.visionRanks
        if options.rankWeights?.count != decoderRanks { options.rankWeights = nil }
        return options
    }
}
