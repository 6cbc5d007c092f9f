import Foundation
import JSON
import TestSupport
import Testing

@testable import Checkpoints

/// One change to the configuration of mini-f32 and the field that the error must name.
struct ConfigCase: Sendable, CustomTestStringConvertible {
    let path: String
    let value: JSONValue?
    var file = "config.json"

    init(_ path: String, _ value: JSONValue?, file: String = "config.json") {
        (self.path, self.value, self.file) = (path, value, file)
    }

    var testDescription: String { "\(path) = \(value.map(\.summary) ?? "missing")" }
}

@Suite("ModelConfig")
struct ModelConfigTests {
    static func read(_ changes: [ConfigCase] = [], of name: String = "mini-f32") throws -> ModelConfig {
        var config = try Edited.parse(Data(contentsOf: Fixtures.url("\(name)/config.json")))
        var preprocessor = try Edited.parse(Data(contentsOf: Fixtures.url("\(name)/preprocessor_config.json")))
        for change in changes {
            if change.file == "config.json" {
                config.set(change.path, change.value)
            } else {
                preprocessor.set(change.path, change.value)
            }
        }
        return try ModelConfig(
            config: ConfigFields(file: "config.json", fields: config.object ?? [:]),
            preprocessor: ConfigFields(file: "preprocessor_config.json", fields: preprocessor.object ?? [:]),
            modelName: name
        )
    }

    @Test("the published configuration of SAIL-VL2-2B is read")
    func published() throws {
        guard let file = Fixtures.modelCard("SAIL-VL2-2B/config.json") else { return }
        let config = try ModelConfig(directory: file.deletingLastPathComponent())
        #expect(config == PublishedShape.twoBillion)
        #expect(config.visualTokensPerTile == 256 && config.patchesPerTile == 1024 && config.vision.headDim == 128)
    }

    @Test("a field of llm_config that is left out has its Qwen3 default")
    func qwen3Defaults() throws {
        let config = try Self.read([ConfigCase("llm_config", .object([:]))])
        let defaults = ModelConfig.Decoder(
            layers: 32,
            hidden: 4096,
            heads: 32,
            kvHeads: 32,
            headDim: 128,
            intermediate: 22016,
            vocabulary: 151_936,
            maxPositions: 32768,
            ropeTheta: 10_000,
            rmsNormEpsilon: 1e-6,
            tiedEmbeddings: false
        )
        #expect(config.decoder == defaults)
    }

    @Test(
        "what means the same reads the same",
        arguments: [
            ConfigCase("llm_config.hidden_size", .number(64.0)),
            ConfigCase("llm_config.unknown_field", .object(["x": .null])),
            ConfigCase("force_image_size", .null),
            ConfigCase("force_image_size", nil),
            ConfigCase("llm_config.rope_scaling", nil),
            ConfigCase("llm_config.rope_scaling", .object(["rope_type": .string("default")])),
            ConfigCase("llm_config.rope_scaling", .object(["type": .string("default"), "factor": .number(1)])),
            ConfigCase("llm_config.rope_scaling", .object(["type": .string("default"), "rope_theta": .number(1e6)])),
            ConfigCase("llm_config.sliding_window", .integer(4096)),
            ConfigCase("use_llm_lora", .number(0)),
            ConfigCase("template", nil),
            ConfigCase("llm_config.rope_theta", .number(1e6)),
            ConfigCase("image_size", nil, file: "preprocessor_config.json"),
            ConfigCase("tie_word_embeddings", .bool(true)),
        ]
    )
    func same(change: ConfigCase) throws {
        #expect(try Self.read([change]) == Self.read())
    }

    @Test("select_layer counts as Python indexes, and −1 alone takes the final norm")
    func featureLayer() throws {
        let layers: [(Int, ModelConfig.FeatureLayer)] = [
            (-1, .lastNormed), (2, .block(2)), (0, .block(0)), (-3, .block(0)),
        ]
        for (index, layer) in layers {
            #expect(try Self.read([ConfigCase("select_layer", .integer(index))]).featureLayer == layer)
        }
    }

    @Test("null KV heads mean as many as query heads, and rope_parameters carry theta")
    func variants() throws {
        #expect(try Self.read([ConfigCase("llm_config.num_key_value_heads", .null)]).decoder.kvHeads == 4)
        let parameters: JSONValue = .object(["rope_type": .string("default"), "rope_theta": .integer(5000)])
        let changes = [ConfigCase("llm_config.rope_theta", nil), ConfigCase("llm_config.rope_parameters", parameters)]
        #expect(try Self.read(changes).decoder.ropeTheta == 5000)
        #expect(try Self.read([ConfigCase("downsample_ratio", .number(0.25))]).mergeSide == 4)
        #expect(try Self.read([ConfigCase("downsample_ratio", .integer(1))]).visualTokensPerTile == 16)
        #expect(try Self.read([ConfigCase("ps_version", .string("v1"))]).pixelShuffle == .v1)
        #expect(try !Self.read([]).images.usesMSAC)
        let msac = ConfigCase("use_msac", .bool(true), file: "preprocessor_config.json")
        #expect(try Self.read([msac]).images.usesMSAC)
    }

    static let refused: [ConfigCase] = [
        ConfigCase("architectures", .array([.string("InternVLChatModel")])),
        ConfigCase("model_type", .string("internvl_chat")),
        ConfigCase("llm_config", nil),
        ConfigCase("llm_config", .array([])),
        ConfigCase("llm_config.architectures", .array([.string("Qwen2ForCausalLM")])),
        ConfigCase("llm_config.model_type", .string("qwen3_moe")),
        ConfigCase("llm_config.rope_scaling", .object(["type": .string("yarn"), "factor": .number(4)])),
        ConfigCase("llm_config.rope_scaling", .object(["rope_type": .string("default"), "type": .string("mrope")])),
        ConfigCase("llm_config.rope_scaling", .object(["rope_type": .string("default"), "rope_theta": .number(5)])),
        ConfigCase("llm_config.rope_scaling", .object(["rope_type": .null])),
        ConfigCase("llm_config.rope_scaling", .object([:])),
        ConfigCase("llm_config.rope_scaling", .string("default")),
        ConfigCase("llm_config.rope_parameters.rope_type", .string("yarn")),
        ConfigCase("llm_config.rope_parameters.type", .string("yarn")),
        ConfigCase("llm_config.attention_bias", .bool(true)),
        ConfigCase("llm_config.use_sliding_window", .bool(true)),
        ConfigCase("llm_config.layer_types", .array([.string("full_attention"), .string("sliding_attention")])),
        ConfigCase("llm_config.hidden_act", .string("gelu")),
        ConfigCase("llm_config.num_key_value_heads", .integer(3)),
        ConfigCase("llm_config.head_dim", .integer(31)),
        ConfigCase("llm_config.head_dim", .null),
        ConfigCase("llm_config.num_hidden_layers", .integer(-1)),
        ConfigCase("llm_config.num_hidden_layers", .number(1e9)),
        ConfigCase("llm_config.num_hidden_layers", .number(2.5)),
        ConfigCase("llm_config.num_attention_heads", .string("4")),
        ConfigCase("llm_config.hidden_size", .integer(Int.max)),
        ConfigCase("llm_config.vocab_size", .integer(0)),
        ConfigCase("llm_config.rms_norm_eps", .integer(0)),
        ConfigCase("llm_config.rms_norm_eps", .number(1e-60)),
        ConfigCase("llm_config.rope_theta", .number(-1)),
        ConfigCase("llm_config.tie_word_embeddings", .integer(1)),
        ConfigCase("llm_config.quantization_config", .object([:])),
        ConfigCase("quantization_config", .object(["quant_method": .string("gptq")])),
        ConfigCase("vision_config.architectures", .array([.string("InternVisionModel")])),
        ConfigCase("vision_config.model_type", .string("intern_vit")),
        ConfigCase("vision_config.hidden_size", .integer(50)),
        ConfigCase("vision_config.hidden_size", nil),
        ConfigCase("vision_config.image_size", .integer(57)),
        ConfigCase("vision_config.num_channels", .integer(4)),
        ConfigCase("vision_config.rms_norm_eps", .number(-1e-5)),
        ConfigCase("vision_config.qkv_bias", .string("no")),
        ConfigCase("force_image_size", .integer(448)),
        ConfigCase("downsample_ratio", .number(0.4)),
        ConfigCase("downsample_ratio", .number(1 / 3.0)),
        ConfigCase("downsample_ratio", .number(1e-300)),
        ConfigCase("downsample_ratio", .integer(0)),
        ConfigCase("downsample_ratio", nil),
        ConfigCase("ps_version", .string("v3")),
        ConfigCase("select_layer", .integer(3)),
        ConfigCase("select_layer", .integer(-4)),
        ConfigCase("template", .string("internvl2_5")),
        ConfigCase("pad2square", .bool(true)),
        ConfigCase("dynamic_image_size", .bool(false)),
        ConfigCase("use_thumbnail", .bool(false)),
        ConfigCase("min_dynamic_patch", .integer(2)),
        ConfigCase("use_backbone_lora", .integer(16)),
        ConfigCase("use_llm_lora", .integer(64)),
        ConfigCase("image_size", .integer(448), file: "preprocessor_config.json"),
        ConfigCase("patch_size", .integer(16), file: "preprocessor_config.json"),
        ConfigCase("use_msac", .string("yes"), file: "preprocessor_config.json"),
        ConfigCase("max_dynamic_patch", .integer(0), file: "preprocessor_config.json"),
        ConfigCase("max_dynamic_patch", nil, file: "preprocessor_config.json"),
        ConfigCase("image_mean", .array([.number(0.5)]), file: "preprocessor_config.json"),
        ConfigCase("image_std", .array([.number(0.5), .integer(0), .integer(1)]), file: "preprocessor_config.json"),
    ]

    @Test("a value that is wrong or not supported is refused by the name of its field", arguments: refused)
    func refusal(change: ConfigCase) throws {
        let error = #expect(throws: CheckpointError.self) { try Self.read([change]) }
        switch error {
        case .field(let file, let path, _, _), .unsupported(let file, let path, _, _):
            #expect(file == change.file && path.hasPrefix(change.path))
        default: Issue.record("\(String(describing: error))")
        }
        #expect(error?.description.contains(change.path) == true && error?.hint != nil)
    }

    @Test("the message says what was found and what is supported")
    func message() {
        let scaling: JSONValue = .object(["type": .string("yarn"), "factor": .number(4)])
        let error = #expect(throws: CheckpointError.self) {
            try Self.read([ConfigCase("llm_config.rope_scaling", scaling)])
        }
        #expect(
            error?.description
                == "config.json: field llm_config.rope_scaling.type is \"yarn\", only \"default\" is supported"
        )
    }
}
