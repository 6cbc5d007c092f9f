/// The published name of every tensor, in one place.
package enum TensorNames {
    /// What the names of the decoder's tensors begin with.
    static let decoderPrefix = "language_model."

    package static let embedding = "language_model.model.embed_tokens.weight"
    package static let head = "language_model.lm_head.weight"
    package static let finalNorm = "language_model.model.norm.weight"

    package static let patchWeight = "vision_model.preprocessor.patchifier.proj.weight"
    package static let patchBias = "vision_model.preprocessor.patchifier.proj.bias"
    package static let patchNorm = "vision_model.preprocessor.patchifier.norm.weight"
    package static let positions = "vision_model.preprocessor.pos_embed"
    package static let postTrunkNorm = "vision_model.trunk.post_trunk_norm.weight"

    package static let projectorNormWeight = "mlp1.0.weight"
    package static let projectorNormBias = "mlp1.0.bias"
    package static let projectorInputWeight = "mlp1.1.weight"
    package static let projectorInputBias = "mlp1.1.bias"
    package static let projectorOutputWeight = "mlp1.3.weight"
    package static let projectorOutputBias = "mlp1.3.bias"

    package static func layer(_ index: Int) -> DecoderLayer { DecoderLayer(index: index) }
    package static func block(_ index: Int) -> VisionBlock { VisionBlock(index: index) }

    /// The names of one decoder layer.
    package struct DecoderLayer: Sendable {
        private let prefix: String

        init(index: Int) { prefix = "language_model.model.layers.\(index)." }

        package var inputNorm: String { prefix + "input_layernorm.weight" }
        package var postAttentionNorm: String { prefix + "post_attention_layernorm.weight" }
        package var qProj: String { prefix + "self_attn.q_proj.weight" }
        package var kProj: String { prefix + "self_attn.k_proj.weight" }
        package var vProj: String { prefix + "self_attn.v_proj.weight" }
        package var qNorm: String { prefix + "self_attn.q_norm.weight" }
        package var kNorm: String { prefix + "self_attn.k_norm.weight" }
        package var oProj: String { prefix + "self_attn.o_proj.weight" }
        package var gateProj: String { prefix + "mlp.gate_proj.weight" }
        package var upProj: String { prefix + "mlp.up_proj.weight" }
        package var downProj: String { prefix + "mlp.down_proj.weight" }
    }

    /// The names of one vision block; its biases are optional.
    package struct VisionBlock: Sendable {
        private let prefix: String

        init(index: Int) { prefix = "vision_model.trunk.blocks.\(index)." }

        package var norm1: String { prefix + "norm_1.weight" }
        package var norm2: String { prefix + "norm_2.weight" }
        package var qkvWeight: String { prefix + "attn.qkv.weight" }
        package var qkvBias: String { prefix + "attn.qkv.bias" }
        package var projWeight: String { prefix + "attn.proj.weight" }
        package var projBias: String { prefix + "attn.proj.bias" }
        package var fc1Weight: String { prefix + "mlp.fc1.weight" }
        package var fc1Bias: String { prefix + "mlp.fc1.bias" }
        package var fc2Weight: String { prefix + "mlp.fc2.weight" }
        package var fc2Bias: String { prefix + "mlp.fc2.bias" }
        package var fc3Weight: String { prefix + "mlp.fc3.weight" }
        package var fc3Bias: String { prefix + "mlp.fc3.bias" }
    }
}
