internal import JSON

/// The published values of SAIL-VL2's configuration files.
extension SyntheticShape {
    /// `config.json` without its two parts.
    static let publishedModel: [String: JSONValue] = [
        "architectures": .array([.string("SAILVLModel")]),
        "downsample_ratio": .number(0.5),
        "dynamic_image_size": .bool(true),
        "force_image_size": .integer(448),
        "max_dynamic_patch": .integer(12),
        "min_dynamic_patch": .integer(1),
        "model_type": .string("sailvl"),
        "pad2square": .bool(false),
        "ps_version": .string("v2"),
        "select_layer": .integer(-1),
        "template": .string("univl-chat"),
        "torch_dtype": .string("bfloat16"),
        "use_backbone_lora": .integer(0),
        "use_llm_lora": .integer(0),
        "use_thumbnail": .bool(true),
    ]

    /// SAILViT-Huge.
    static let publishedVision: JSONValue = .object([
        "architectures": .array([.string("SAILViTModel")]),
        "hidden_size": .integer(1536),
        "image_size": .integer(448),
        "intermediate_size": .integer(4096),
        "model_type": .string("sailvit"),
        "num_attention_heads": .integer(12),
        "num_channels": .integer(3),
        "num_hidden_layers": .integer(24),
        "patch_size": .integer(14),
        "qkv_bias": .bool(false),
        "rms_norm_eps": .number(1e-5),
        "use_bias": .bool(false),
    ])

    static func publishedPreprocessor(imageSize: Int, patchSize: Int) -> [String: JSONValue] {
        [
            "image_mean": .array([.number(0.485), .number(0.456), .number(0.406)]),
            "image_size": .integer(imageSize),
            "image_std": .array([.number(0.229), .number(0.224), .number(0.225)]),
            "max_dynamic_patch": .integer(10),
            "pad_input": .bool(true),
            "patch_size": .integer(patchSize),
            "use_msac": .bool(false),
        ]
    }
}

extension JSONValue {
    /// `llm_config` of a Qwen3 decoder, which all have 8 KV heads of 128 and one vocabulary.
    static func qwen3(layers: Int, hidden: Int, heads: Int, inter: Int, tied: Bool) -> JSONValue {
        .object([
            "architectures": .array([.string("Qwen3ForCausalLM")]),
            "attention_bias": .bool(false),
            "head_dim": .integer(128),
            "hidden_act": .string("silu"),
            "hidden_size": .integer(hidden),
            "intermediate_size": .integer(inter),
            "max_position_embeddings": .integer(40960),
            "model_type": .string("qwen3"),
            "num_attention_heads": .integer(heads),
            "num_hidden_layers": .integer(layers),
            "num_key_value_heads": .integer(8),
            "rms_norm_eps": .number(1e-6),
            "rope_scaling": .null,
            "rope_theta": .integer(1_000_000),
            "sliding_window": .null,
            "tie_word_embeddings": .bool(tied),
            "torch_dtype": .string("bfloat16"),
            "use_sliding_window": .bool(false),
            "vocab_size": .integer(151_936),
        ])
    }
}
