import Diagnostics
package import Foundation

/// A checkpoint of random weights in the published layout, for measuring.
///
/// It is written beside its place and renamed when it is whole, so that an interrupted one is never taken for a
/// checkpoint.
package struct SyntheticCheckpoint {
    private let shape: SyntheticShape
    private let config: ModelConfig
    private let tokenizer: SyntheticTokenizer
    private let plan: ShardPlan

    package init(_ shape: SyntheticShape, name: String = "synthetic") throws {
        self.shape = shape
        config = try shape.modelConfig(named: name)
        tokenizer = try SyntheticTokenizer(vocabulary: config.decoder.vocabulary)
        // Also the blocks behind the one whose features are taken: the published files hold them.
        var whole = config
        whole.featureLayer = .lastNormed
        plan = ShardPlan(whole.expectedTensors.filter(\.isRequired))
    }

    /// Bytes of its weights.
    package var totalBytes: Int { plan.totalBytes }

    /// Writes the checkpoint to `directory`, which must be absent or empty; with `replacing`, an earlier checkpoint.
    ///
    /// - Parameter progress: is told the bytes written so far, from any thread, every few megabytes.
    package func write(
        to directory: URL,
        seed: UInt64,
        replacing: Bool = false,
        threads: Int = 2,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        let manager = FileManager.default
        let directory = directory.standardizedFileURL
        try requireReplaceable(directory, replacing: replacing)
        let partial = directory.deletingLastPathComponent()
            .appendingPathComponent(directory.lastPathComponent + ".partial")
        do {
            if manager.fileExists(atPath: partial.path) { try manager.removeItem(at: partial) }
            try manager.createDirectory(at: partial, withIntermediateDirectories: true)
            try requireSpace(in: partial)
            try WeightWriter(plan, seed: seed, directory: partial).run(threads: threads, progress: progress)
            try writeTexts(to: partial)
            if manager.fileExists(atPath: directory.path) { try manager.removeItem(at: directory) }
            try manager.moveItem(at: partial, to: directory)
        } catch {
            try? manager.removeItem(at: partial)
            if let error = error as? UsageError { throw error }
            throw UsageError("\(directory.path) cannot be written: \(error.localizedDescription)")
        }
    }

    private func writeTexts(to directory: URL) throws {
        var texts = tokenizer.files
        texts["config.json"] = JSONWriter.text(.object(shape.config))
        texts["preprocessor_config.json"] = JSONWriter.text(.object(shape.preprocessor))
        texts["generation_config.json"] = JSONWriter.text(.object(["_from_model_config": .bool(true)]))
        if let index = plan.index { texts[WeightFiles.index] = JSONWriter.text(index) }
        for (name, text) in texts { try Data(text.utf8).write(to: directory.appendingPathComponent(name)) }
    }

    // MARK: Checks

    /// Never removes what is not a checkpoint.
    private func requireReplaceable(_ directory: URL, replacing: Bool) throws(UsageError) {
        let manager = FileManager.default
        guard manager.fileExists(atPath: directory.path) else { return }
        guard let contents = try? manager.contentsOfDirectory(atPath: directory.path) else {
            throw UsageError("\(directory.path) is not a directory")
        }
        guard !contents.isEmpty else { return }
        guard replacing else {
            throw UsageError("\(directory.path) is not empty", hint: "give another directory, or --force to replace it")
        }
        guard contents.contains("config.json") else {
            throw UsageError("\(directory.path) is not empty and holds no checkpoint", hint: "give another directory")
        }
    }

    private func requireSpace(in directory: URL) throws(UsageError) {
        var status = statvfs()
        guard statvfs(directory.path, &status) == 0 else { return }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        // The other files of a checkpoint need some megabytes more.
        let needed = UInt64(totalBytes) + 16 << 20
        guard free >= needed else {
            throw UsageError("the checkpoint needs \(needed) bytes, the disk of \(directory.path) has \(free) free")
        }
    }
}
