import Checkpoints
import Diagnostics
import Foundation
import Frontend
import Kernels
import RankProgram
import SAILVL2Model

/// What `--calibrate` reads: conversations which nobody answers.
struct CalibrationSet {
    /// Some thousand are enough: a figure of each column is what is wanted of them.
    static let mostTokens = 65_536

    /// `6 conversations, 4096 tokens, 2 pictures, sha256 …`: what the packed files say of it.
    let summary: String
    private let texts: ConversationTexts

    /// - Throws: what is wrong, with the line, before a weight is loaded.
    init(file: String, _ checkpoint: Checkpoint) throws {
        texts = try ConversationTexts(file: file, checkpoint, most: Self.mostTokens)
        let digest = texts.digest.prefix(16)
        summary = "\(texts.count) conversations, \(texts.tokens) tokens, \(texts.pictures) pictures, sha256 \(digest)"
    }

    /// Reads all conversations with the checkpoint's own weights.
    ///
    /// - Parameter progress: is told how many of how many are read.
    /// - Throws: also where this host has too little memory for the weights as they are stored.
    func collect(
        _ checkpoint: Checkpoint,
        threads: Int,
        progress: (Int, Int) -> Void
    ) throws -> ActivationSquares {
        var options = RankOptions(model: checkpoint.directory)
        (options.cacheTokens, options.cacheElement) = (texts.longest, .float32)
        try HostMemory.check(try GroupPlan(checkpoint, options))
        var calibration = try Calibration(checkpoint, longest: texts.longest, threads: threads)
        var done = 0
        try texts.forEach {
            try calibration.read($0)
            done += 1
            progress(done, texts.count)
        }
        guard calibration.collected.isFinite else {
            throw UsageError(
                "while the conversations are read, the model computes with what is no number",
                hint: "its weights are damaged, or too large for half precision"
            )
        }
        return calibration.collected
    }
}
