"""The decoders of SAIL-VL2-2B and -8B, which are Qwen3-1.7B and -8B, as the peers' files need them; and one to try things with."""
SHAPES = {
    "tiny": dict(layers=2, hidden=512, heads=4, kv=2, inter=1024, vocabulary=2048, tied=True),
    "2b": dict(layers=28, hidden=2048, heads=16, kv=8, inter=6144, vocabulary=151_936, tied=True),
    "8b": dict(layers=36, hidden=4096, heads=32, kv=8, inter=12288, vocabulary=151_936, tied=False),
}
HEAD_DIM = 128


def qwen3_config(shape):
    """`config.json` of a Qwen3 decoder as Hugging Face has it."""
    return {
        "architectures": ["Qwen3ForCausalLM"], "model_type": "qwen3", "attention_bias": False, "attention_dropout": 0.0,
        "bos_token_id": None, "eos_token_id": shape["vocabulary"] - 1, "head_dim": HEAD_DIM, "hidden_act": "silu",
        "hidden_size": shape["hidden"], "initializer_range": 0.02, "intermediate_size": shape["inter"],
        "max_position_embeddings": 40960, "max_window_layers": shape["layers"], "num_attention_heads": shape["heads"],
        "num_hidden_layers": shape["layers"], "num_key_value_heads": shape["kv"], "rms_norm_eps": 1e-6, "rope_scaling": None,
        "rope_theta": 1e6, "sliding_window": None, "tie_word_embeddings": shape["tied"], "torch_dtype": "bfloat16",
        "use_cache": True, "use_sliding_window": False, "vocab_size": shape["vocabulary"]}


def sail_config(shape):
    """`config.json` of a SAIL-VL2 model with that decoder and as small a vision tower as there can be."""
    vision = {"architectures": ["SAILViTModel"], "model_type": "sailvit", "hidden_size": 128, "image_size": 448,
              "intermediate_size": 128, "num_attention_heads": 1, "num_channels": 3, "num_hidden_layers": 1, "patch_size": 14,
              "qkv_bias": False, "rms_norm_eps": 1e-5, "use_bias": False}
    return {"architectures": ["SAILVLModel"], "model_type": "sailvl", "downsample_ratio": 0.5, "dynamic_image_size": True,
            "force_image_size": 448, "llm_config": qwen3_config(shape), "vision_config": vision, "max_dynamic_patch": 12,
            "min_dynamic_patch": 1, "pad2square": False, "ps_version": "v2", "select_layer": -1, "template": "univl-chat",
            "torch_dtype": "bfloat16", "use_backbone_lora": 0, "use_llm_lora": 0, "use_thumbnail": True}


def random_bfloat16(count, seed):
    """Bits of bfloat16 numbers between 2^-8 and 2^-5 of either sign; a block of random ones, repeated.

    Every tensor has a seed of its own: OpenVINO's files keep equal tensors once, and fewer weights would be read than there are.
    """
    import numpy
    block = numpy.random.default_rng(seed).integers(0, 1 << 16, size=min(count, 1 << 22), dtype=numpy.uint16)
    exponent = (119 + block % 3).astype(numpy.uint16)
    return numpy.resize((block & 0x8000) | (exponent << 7) | ((block >> 4) & 0x7F), count)


def vocabulary(size):
    """GPT-2's stand-ins for the 256 bytes, words that no tokenizer makes, and at last the end of a text."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    moved = {byte: chr(256 + place) for place, byte in enumerate(byte for byte in range(256) if byte not in printable)}
    return [moved.get(byte, chr(byte)) for byte in range(256)] + [f"\u0120x{number}" for number in range(256, size - 1)] + ["<|im_end|>"]
