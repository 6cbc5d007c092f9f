internal import JSON

extension ModelConfig.Decoder {
    /// Reads `llm_config`; a field that is left out has the value of `Qwen3Config` in transformers 4.51.
    init(_ llm: ConfigFields) throws(CheckpointError) {
        try llm.refuseUnsupportedDecoder()
        let heads = try llm.integer("num_attention_heads", in: 1...1 << 12, default: 32)
        self.init(
            layers: try llm.integer("num_hidden_layers", in: 1...1 << 12, default: 32),
            hidden: try llm.integer("hidden_size", in: 1...1 << 18, default: 4096),
            heads: heads,
            kvHeads: try llm.kvHeads(heads: heads),
            headDim: try llm.integer("head_dim", in: 2...1 << 12, default: 128),
            intermediate: try llm.integer("intermediate_size", in: 1...1 << 20, default: 22016),
            vocabulary: try llm.integer("vocab_size", in: 1...1 << 24, default: 151_936),
            maxPositions: try llm.integer("max_position_embeddings", in: 1...1 << 24, default: 32768),
            ropeTheta: try llm.ropeTheta(),
            rmsNormEpsilon: Float(try llm.positive("rms_norm_eps", atMost: 1, default: 1e-6)),
            tiedEmbeddings: try llm.flag("tie_word_embeddings", default: false)
        )
        guard headDim.isMultiple(of: 2) else {
            throw llm.wrong("head_dim", expected: "an even number, since RoPE rotates halves")
        }
        guard rmsNormEpsilon > 0 else { throw llm.wrong("rms_norm_eps", expected: "a number above 0 in float32") }
    }
}

extension ConfigFields {
    fileprivate func refuseUnsupportedDecoder() throws(CheckpointError) {
        try requireListed("architectures", "Qwen3ForCausalLM")
        try requireIfPresent("model_type", .string("qwen3"))
        try requireIfPresent("hidden_act", .string("silu"))
        try requireIfPresent("attention_bias", .bool(false))
        try requireIfPresent("use_sliding_window", .bool(false))
        try requirePlainRope()
        try requireNull("quantization_config")
        guard !isNullOrMissing("layer_types") else { return }
        let types = fields["layer_types"]?.array ?? [.null]
        guard types.allSatisfy({ $0 == .string("full_attention") }) else {
            throw unsupported("layer_types", supported: "\"full_attention\" in every layer")
        }
    }

    /// `Qwen3Config` takes null for "as many as query heads" and a missing field for 32.
    fileprivate func kvHeads(heads: Int) throws(CheckpointError) -> Int {
        if fields["num_key_value_heads"] == .null { return heads }
        let kvHeads = try integer("num_key_value_heads", in: 1...1 << 12, default: 32)
        guard heads.isMultiple(of: kvHeads) else {
            throw wrong("num_key_value_heads", expected: "a divisor of the \(heads) query heads", found: "\(kvHeads)")
        }
        return kvHeads
    }

    /// `rope_scaling`, which is null, or says in either spelling that positions are not scaled.
    fileprivate func requirePlainRope() throws(CheckpointError) {
        guard !isNullOrMissing("rope_scaling") else { return }
        guard fields["rope_scaling"]?.object != nil else {
            throw unsupported("rope_scaling", supported: "null or rope_type \"default\"")
        }
        let scaling = try section("rope_scaling")
        try scaling.requireDefaultRope()
        guard !scaling.isNullOrMissing("rope_type") || !scaling.isNullOrMissing("type") else {
            throw scaling.unsupported("rope_type", supported: "\"default\"")
        }
        guard !scaling.isNullOrMissing("rope_theta") else { return }
        try scaling.requireIfPresent("rope_theta", fields["rope_theta"] ?? .number(Self.standardTheta))
    }

    fileprivate func requireDefaultRope() throws(CheckpointError) {
        try requireIfPresent("rope_type", .string("default"))
        try requireIfPresent("type", .string("default"))
    }

    private static let standardTheta = 10_000.0

    /// `rope_theta`, which transformers 5 writes into an object `rope_parameters`.
    fileprivate func ropeTheta() throws(CheckpointError) -> Double {
        let standard = Self.standardTheta
        let limit = 1e15
        guard !isNullOrMissing("rope_parameters") else {
            return try positive("rope_theta", atMost: limit, default: standard)
        }
        let parameters = try section("rope_parameters")
        try parameters.requireDefaultRope()
        let theta = try parameters.positive("rope_theta", atMost: limit, default: standard)
        try requireIfPresent("rope_theta", .number(theta))
        return theta
    }
}
