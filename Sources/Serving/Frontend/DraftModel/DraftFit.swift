package import Checkpoints
package import Diagnostics
package import Tokenization

/// Whether one checkpoint can guess for another.
package enum DraftFit {
    /// - Parameters:
    ///   - draft: the checkpoint that guesses, for `model`.
    /// - Throws: `UsageError` where the same ids are not the same tokens, or a picture has another number of visual tokens.
    package static func check(
        _ draft: Checkpoint,
        _ draftTokenizer: Tokenizer,
        for model: Checkpoint,
        _ tokenizer: Tokenizer
    ) throws(UsageError) {
        let names = "the draft model \(draft.config.modelName) and \(model.config.modelName)"
        if let (id, mine, theirs) = tokenizer.firstDifference(from: draftTokenizer) {
            let words = [theirs, mine].map { $0.map { "\"\($0)\"" } ?? "none" }
            throw UsageError(
                "\(names) have different tokenizers: token \(id) is \(words[0]) in the one and \(words[1]) in the other",
                hint: "--draft takes a smaller checkpoint of the same family"
            )
        }
        let (its, ours) = (draft.config, model.config)
        let figures = [
            ("visual tokens a tile", its.visualTokensPerTile, ours.visualTokensPerTile),
            ("pixels a tile's side", its.images.tileSide, ours.images.tileSide),
            ("tiles at most", its.images.maxTiles, ours.images.maxTiles),
            ("grids a picture", its.images.usesMSAC ? 2 : 1, ours.images.usesMSAC ? 2 : 1),
        ]
        for (what, one, other) in figures where one != other {
            throw UsageError(
                "\(names) see pictures differently: \(one) \(what) in the one and \(other) in the other",
                hint: "--draft takes a smaller checkpoint of the same family"
            )
        }
    }
}
