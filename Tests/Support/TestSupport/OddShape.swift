package import Foundation

/// A shape in which nothing divides: heads of 20 numbers, so that KV heads begin inside panels and leaves are not whole
/// groups; an MLP whose last leaf is short; a vocabulary and a hidden size that no panel or group divides.
package enum OddShape {
    /// Writes the configuration files, for `flotilla synth --shape`.
    ///
    /// - Returns: the `config.json`.
    package static func write(to directory: URL, tied: Bool = false) throws -> URL {
        let source = Fixtures.url("mini-f32")
        let data = try Data(contentsOf: source.appendingPathComponent("config.json"))
        var config = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        var decoder = config["llm_config"] as? [String: Any] ?? [:]
        let changes: [String: Any] = [
            "hidden_size": 88, "num_attention_heads": 6, "num_key_value_heads": 3, "head_dim": 20,
            "intermediate_size": 200, "num_hidden_layers": 2, "vocab_size": 997, "tie_word_embeddings": tied,
        ]
        decoder.merge(changes) { $1 }
        config["llm_config"] = decoder
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        let file = directory.appendingPathComponent("config.json")
        try JSONSerialization.data(withJSONObject: config).write(to: file)
        let preprocessor = "preprocessor_config.json"
        try FileManager.default.copyItem(
            at: source.appendingPathComponent(preprocessor),
            to: directory.appendingPathComponent(preprocessor)
        )
        return file
    }
}
