internal import Checkpoints
internal import Constraints
internal import Foundation
internal import Inference
internal import Tokenization

extension TokenVocabulary {
    /// The vocabulary of a checkpoint.
    ///
    /// - Parameter size: tokens that the model knows, which may be more than the tokenizer's.
    convenience init(of checkpoint: URL, size: Int) throws {
        let tokenizer = try Tokenizer(directory: checkpoint)
        self.init(size: size, ends: tokenizer.control.ends) { tokenizer.textBytes(of: $0) }
    }
}

extension FormatDesk {
    /// Makes formats over the vocabulary of the checkpoint that a group holds.
    convenience init(_ checkpoint: Checkpoint, _ options: RankOptions) {
        let size = checkpoint.config.decoder.vocabulary
        self.init { [model = options.model] in try TokenVocabulary(of: model, size: size) }
    }
}
