package import Foundation
internal import JSON

/// A checkpoint of random weights in the published layout, for measuring.
package struct SyntheticCheckpoint {
    private let shape: SyntheticShape
    private let config: ModelConfig
    private let tokenizer: SyntheticTokenizer
    private let plan: FileShardPlan

    package init(_ shape: SyntheticShape, name: String = "synthetic") throws {
        self.shape = shape
        config = try shape.modelConfig(named: name)
        tokenizer = try SyntheticTokenizer(vocabulary: config.decoder.vocabulary)
        // Also the blocks behind the one whose features are taken: the published files hold them.
        var whole = config
        whole.featureLayer = .lastNormed
        plan = FileShardPlan(whole.expectedTensors.filter(\.isRequired))
    }

    /// Bytes of its weights.
    package var totalBytes: Int { plan.totalBytes }

    /// Writes the checkpoint to `directory`, which must be absent or empty; with `replacing`, an earlier checkpoint.
    ///
    /// - Parameters:
    ///   - heavyTails: whether weights and norms are spread as trained ones are; see `RandomWeights`.
    ///   - progress: is told the bytes written so far, from any thread, every few megabytes.
    package func write(
        to directory: URL,
        seed: UInt64,
        heavyTails: Bool = false,
        replacing: Bool = false,
        threads: Int = 2,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        try OutputDirectory(directory, replacing: replacing).fill(bytes: totalBytes) { partial in
            try WeightWriter(plan, seed: seed, heavyTails: heavyTails, directory: partial)
                .run(threads: threads, progress: progress)
            try writeTexts(to: partial)
        }
    }

    private func writeTexts(to directory: URL) throws {
        var texts = tokenizer.files
        texts["config.json"] = JSONWriter.text(.object(shape.config))
        texts["preprocessor_config.json"] = JSONWriter.text(.object(shape.preprocessor))
        texts["generation_config.json"] = JSONWriter.text(.object(["_from_model_config": .bool(true)]))
        if let index = plan.index { texts[WeightFiles.index] = JSONWriter.text(index) }
        for (name, text) in texts {
            try OutputFile.write(Data(text.utf8), to: directory.appendingPathComponent(name))
        }
    }
}
