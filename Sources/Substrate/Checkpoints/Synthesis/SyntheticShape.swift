package import Diagnostics
import Foundation
package import JSON

/// The configuration files of a checkpoint that is to be made up.
package struct SyntheticShape: Sendable {
    /// `config.json`.
    package private(set) var config: [String: JSONValue]
    /// `preprocessor_config.json`.
    package let preprocessor: [String: JSONValue]
    /// What errors call the place that the shape comes from.
    private let source: String

    package static let publishedNames = ["sail-vl2-2b", "sail-vl2-8b"]

    /// One of `publishedNames`, or else the path of a `config.json`.
    package init(_ nameOrPath: String) throws {
        switch nameOrPath {
        case "sail-vl2-2b": self.init(published: .qwen3(layers: 28, hidden: 2048, heads: 16, inter: 6144, tied: true))
        case "sail-vl2-8b": self.init(published: .qwen3(layers: 36, hidden: 4096, heads: 32, inter: 12288, tied: false))
        default: try self.init(file: URL(fileURLWithPath: nameOrPath))
        }
    }

    private init(published decoder: JSONValue) {
        config = Self.publishedModel
        config["llm_config"] = decoder
        config["vision_config"] = Self.publishedVision
        preprocessor = Self.publishedPreprocessor(imageSize: 448, patchSize: 14)
        source = "config.json"
    }

    /// `file`, and the `preprocessor_config.json` beside it or else the published one for its image size.
    private init(file: URL) throws {
        guard FileManager.default.fileExists(atPath: file.path) else {
            let names = Self.publishedNames.joined(separator: ", ")
            throw UsageError(
                "no shape or file \(file.path)",
                hint: "give one of \(names), or the path of a config.json"
            )
        }
        let mapping = try MappedFile(file)
        config = try mapping.jsonObject(limit: ModelConfig.largestFile)
        config["torch_dtype"] = .string("bfloat16")
        // It would name Python files that the made-up checkpoint does not hold.
        config["auto_map"] = nil
        source = mapping.name
        let beside = file.deletingLastPathComponent().appendingPathComponent("preprocessor_config.json")
        if FileManager.default.fileExists(atPath: beside.path) {
            preprocessor = try MappedFile(beside).jsonObject(limit: ModelConfig.largestFile)
        } else {
            let vision = try ModelConfig.Vision(ConfigFields(file: source, fields: config).section("vision_config"))
            preprocessor = Self.publishedPreprocessor(imageSize: vision.imageSize, patchSize: vision.patchSize)
        }
    }

    /// Keeps only the first `layers` layers of the decoder.
    package mutating func cutDecoder(layers: Int) throws(UsageError) {
        guard var llm = config["llm_config"]?.object, layers >= 1 else {
            throw UsageError("a decoder of \(layers) layers, expected 1 or more")
        }
        llm["num_hidden_layers"] = .integer(layers)
        config["llm_config"] = .object(llm)
    }

    /// The checked configuration, or the error that a checkpoint with these files would give.
    package func modelConfig(named name: String) throws(CheckpointError) -> ModelConfig {
        try ModelConfig(
            config: ConfigFields(file: source, fields: config),
            preprocessor: ConfigFields(file: "preprocessor_config.json", fields: preprocessor),
            modelName: name
        )
    }
}
