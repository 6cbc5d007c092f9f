"""Writes a Hugging Face checkpoint Qwen3ForCausalLM of random bfloat16 weights with a tokenizer of bytes. Needs numpy.

usage: make_checkpoint.py SHAPE OUT_DIR        SHAPE: tiny, 2b (3.4 GB), 8b (16.4 GB)
"""
import json, pathlib, struct, sys
import numpy

from shapes import HEAD_DIM, SHAPES, qwen3_config, random_bfloat16, vocabulary


def tensors(shape):
    hidden, query, key, inter = shape["hidden"], shape["heads"] * HEAD_DIM, shape["kv"] * HEAD_DIM, shape["inter"]
    yield "model.embed_tokens.weight", (shape["vocabulary"], hidden)
    for layer in range(shape["layers"]):
        for name, size in (("input_layernorm", (hidden,)), ("self_attn.q_proj", (query, hidden)), ("self_attn.k_proj", (key, hidden)),
                           ("self_attn.v_proj", (key, hidden)), ("self_attn.o_proj", (hidden, query)),
                           ("self_attn.q_norm", (HEAD_DIM,)), ("self_attn.k_norm", (HEAD_DIM,)),
                           ("post_attention_layernorm", (hidden,)), ("mlp.gate_proj", (inter, hidden)),
                           ("mlp.up_proj", (inter, hidden)), ("mlp.down_proj", (hidden, inter))):
            yield f"model.layers.{layer}.{name}.weight", size
    yield "model.norm.weight", (hidden,)
    if not shape["tied"]: yield "lm_head.weight", (shape["vocabulary"], hidden)


def write(shape, out):
    out.mkdir(parents=True, exist_ok=True)
    end = shape["vocabulary"] - 1
    words = {word: number for number, word in enumerate(vocabulary(shape["vocabulary"])[:-1])}
    special = {"content": "<|im_end|>", "special": True, "lstrip": False, "rstrip": False, "single_word": False, "normalized": False}
    files = {
        "config.json": qwen3_config(shape), "generation_config.json": {"do_sample": False, "eos_token_id": end}, "vocab.json": words,
        "tokenizer_config.json": {
            "tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "unk_token": "<|im_end|>", "pad_token": "<|im_end|>",
            "model_max_length": 40960, "add_bos_token": False, "added_tokens_decoder": {str(end): special}}}
    for name, value in files.items(): (out / name).write_text(json.dumps(value, ensure_ascii=False))
    (out / "merges.txt").write_text("#version: 0.2\n")
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, size in tensors(shape):
        header[name] = {"dtype": "BF16", "shape": size, "data_offsets": [at, at + 2 * int(numpy.prod(size))]}
        at = header[name]["data_offsets"][1]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with (out / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for number, (_, size) in enumerate(tensors(shape)):
            count = int(numpy.prod(size))
            (numpy.full(count, 0x3F80, numpy.uint16) if len(size) == 1 else random_bfloat16(count, number)).tofile(file)


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SHAPES: sys.exit(__doc__)
    write(SHAPES[sys.argv[1]], pathlib.Path(sys.argv[2]))
