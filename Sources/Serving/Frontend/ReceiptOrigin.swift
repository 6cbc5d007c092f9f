package import Checkpoints
package import RankProgram
package import Requests
package import Tokenization

extension Receipt.Origin {
    /// What receipts of a group with these options have in common.
    ///
    /// - Throws: where the checkpoint cannot be read any more, or be held in the format that is asked for.
    package init(_ checkpoint: Checkpoint, _ tokenizer: Tokenizer, _ options: RankOptions) throws {
        let digests = try checkpoint.digests()
        let format = try checkpoint.format(asked: options.format)
        self.init(
            model: Receipt.Model(
                name: checkpoint.config.modelName,
                weights: digests.weights,
                config: digests.config,
                tokenizer: tokenizer.digest()
            ),
            computation: options.computation(in: format)
        )
    }
}
