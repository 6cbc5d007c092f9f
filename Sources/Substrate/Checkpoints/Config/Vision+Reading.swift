internal import JSON

extension ModelConfig.Vision {
    /// Reads `vision_config`; sizes must be written, only the biases have a value when left out (none).
    init(_ vit: ConfigFields) throws(CheckpointError) {
        try vit.requireListed("architectures", "SAILViTModel")
        try vit.requireIfPresent("model_type", .string("sailvit"))
        try vit.requireIfPresent("num_channels", .integer(3))
        try vit.requireIfPresent("hidden_act", .string("silu"))
        try vit.requireNull("quantization_config")
        self.init(
            layers: try vit.integer("num_hidden_layers", in: 1...1 << 12),
            hidden: try vit.integer("hidden_size", in: 1...1 << 16),
            heads: try vit.integer("num_attention_heads", in: 1...1 << 12),
            intermediate: try vit.integer("intermediate_size", in: 1...1 << 20),
            patchSize: try vit.integer("patch_size", in: 1...1 << 10),
            imageSize: try vit.integer("image_size", in: 1...1 << 13),
            rmsNormEpsilon: Float(try vit.positive("rms_norm_eps", atMost: 1)),
            qkvBias: try vit.flag("qkv_bias", default: false),
            useBias: try vit.flag("use_bias", default: false)
        )
        guard hidden.isMultiple(of: heads) else {
            throw vit.wrong("hidden_size", expected: "a multiple of the \(heads) heads")
        }
        guard imageSize.isMultiple(of: patchSize) else {
            throw vit.wrong("image_size", expected: "a multiple of the patch size \(patchSize)")
        }
        guard rmsNormEpsilon > 0 else { throw vit.wrong("rms_norm_eps", expected: "a number above 0 in float32") }
    }
}
