internal import Constraints
internal import Foundation
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
