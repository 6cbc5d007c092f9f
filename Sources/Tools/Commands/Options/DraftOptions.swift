import ArgumentParser
import Checkpoints
import Diagnostics
import Foundation
import Frontend
import GroupLauncher
import RankProgram
import Tokenization

/// The options of a draft model, which go with `--speculate draft`.
struct DraftOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "With --speculate draft: a smaller checkpoint of the same tokenizer.")
    var draft: String?

    @Option(help: "Ranks of the draft model's own that share its decoder; one more encodes pictures.")
    var draftRanks = 1

    @Option(help: "How the draft model's weights are held, as --format; by default as the checkpoint stores them.")
    var draftFormat: String?

    /// A draft model that was looked at.
    struct Model {
        var checkpoint: Checkpoint
        var options: RankOptions
        var plan: GroupPlan

        var name: String { checkpoint.config.modelName }
    }

    /// The draft model, checked; `nil` where none was asked for.
    ///
    /// - Parameter options: of the decoder's group.
    /// - Throws: `UsageError` if it cannot guess for this model, or as opening a checkpoint does.
    func model(for checkpoint: Checkpoint, _ options: RankOptions) throws -> Model? {
        guard options.speculation == .draft else {
            guard draft == nil else {
                throw UsageError("--draft was given without --speculate draft", hint: "give both, or neither")
            }
            return nil
        }
        guard let draft else {
            throw UsageError(
                "--speculate draft needs a draft model",
                hint: "name its checkpoint's directory with --draft"
            )
        }
        let other = try Checkpoint(directory: try ModelDirectory.find(draft))
        try DraftFit.check(
            other,
            try Tokenizer(directory: other.directory),
            for: checkpoint,
            try Tokenizer(directory: checkpoint.directory)
        )
        var its = DraftLaunch.options(of: options, draft: other.directory, ranks: draftRanks)
        its.format = try draftFormat.map { try WeightFormat(option: $0, of: "--draft-format") }
        guard draftRanks >= 1, draftRanks <= other.config.decoder.heads else {
            throw UsageError("--draft-ranks is \(draftRanks), expected 1 to \(other.config.decoder.heads)")
        }
        return Model(checkpoint: other, options: its, plan: try GroupPlan(other, its))
    }
}

extension DraftOptions.Model {
    /// How it is started beside each of these groups, which make room for it where all are on this host.
    ///
    /// - Parameter plan: of a group.
    func launches(beside groups: inout [GroupPlacement.Group], _ plan: GroupPlan) throws -> [DraftLaunch] {
        func weights(_ plan: GroupPlan) -> Int {
            plan.ranks.prefix(plan.options.decoderRanks).reduce(0) { $0 + $1.weightBytes }
        }
        var launches: [DraftLaunch] = []
        for index in groups.indices {
            let bytes = self.plan.ranks.map(\.totalBytes)
            var launch = DraftLaunch(options: options, beside: groups[index].spec, modelName: name, bytes: bytes)
            if groups[index].spec.hosts == nil {
                try launch.divide(&groups[index], bytes: (weights(self.plan), weights(plan)))
            } else if let placement = groups[index].placement {
                launch.join(visionRanksOf: placement, decoderRanks: plan.options.decoderRanks)
            }
            launches.append(launch)
        }
        return launches
    }
}
