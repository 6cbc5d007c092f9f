internal import Checkpoints
package import Foundation
package import GroupLauncher
package import RankProgram

/// How the ranks of a draft model are started: a world of their own, so that their death is not the decoder's.
///
/// They are a group like any other, of decoder ranks and one vision rank, whose leader runs ahead of what is known of each
/// answer.
package struct DraftLaunch: Sendable {
    package var options: RankOptions
    package var spec: GroupSpec
    package let modelName: String
    /// What the decoder's group needs, and its hosts had before it was there: for the memory that is left beside it.
    let bytesOfGroup: (@Sendable (_ decoderRanks: Int) -> [Int])?
    let factsOfGroup: [String: HostFacts]

    /// Tokens by which a draft model runs ahead: those that a step checks at most.
    static let lead = SpeculationMode.draft.draftRows

    /// - Parameters:
    ///   - spec: of the decoder's group, on whose hosts it is.
    ///   - bytes: of each rank; empty if nobody knows.
    package init(options: RankOptions, beside spec: GroupSpec, modelName: String, bytes: [Int] = []) {
        (self.options, self.modelName, self.spec) = (options, modelName, spec)
        (bytesOfGroup, factsOfGroup) = (spec.bytesOfRanks, spec.facts)
        (self.spec.decoderRanks, self.spec.visionRanks) = (options.decoderRanks, options.visionRanks)
        (self.spec.spreadsVision, self.spec.bytesOfRanks) = (false, nil)
        if !bytes.isEmpty { self.spec.bytesOfRanks = { _ in bytes } }
        (self.spec.threads, self.spec.visionThreads) = (options.threads, options.visionThreads)
        // A link of its own, with a secret of its own.
        (self.spec.secret, self.spec.linkPort) = (nil, 0)
    }

    /// A draft model's options: the decoder's, for another checkpoint on other ranks.
    package static func options(of model: RankOptions, draft: URL, ranks: Int) -> RankOptions {
        var options = model
        (options.model, options.format, options.placement) = (draft, nil, .copy)
        (options.decoderRanks, options.visionRanks, options.spreadsVision) = (ranks, 1, false)
        (options.speculation, options.draftLead) = (.off, lead)
        (options.rankWeights, options.measuresShares) = (nil, false)
        (options.threads, options.visionThreads) = (nil, nil)
        // Guesses are not worth a place on disk.
        (options.pageDirectory, options.pageDirectoryBytes) = (nil, 0)
        return options
    }

    /// What `mpirun` is to start.
    var launchSpec: GroupSpec {
        var spec = spec
        spec.threads = options.threads
        spec.rankArguments = ["rank"] + options.arguments
        return spec
    }

    var visionRanks: Range<Int> { options.decoderRanks..<options.worldSize }
}
