"""Writes a GGUF file of random bfloat16 weights in the shape of a Qwen3 decoder, for llama.cpp.

The decoders of SAIL-VL2-2B and -8B are Qwen3-1.7B and -8B. What a step takes does not depend on the numbers in it; they
are small and none is zero, so that no subnormal number slows anything down.

usage: make_gguf.py SHAPE OUT.gguf        SHAPE: 2b, 8b
"""
import sys
import gguf, numpy

from shapes import HEAD_DIM, KV_HEADS, SHAPES, VOCABULARY


def tensors(shape):
    """Name and shape of every tensor, as gguf has them: rows first, then columns."""
    hidden, query, key, inter = shape["hidden"], shape["heads"] * HEAD_DIM, KV_HEADS * HEAD_DIM, shape["inter"]
    yield "token_embd.weight", (VOCABULARY, hidden)
    for layer in range(shape["layers"]):
        for name, size in (("attn_norm", (hidden,)), ("attn_q", (query, hidden)), ("attn_k", (key, hidden)),
                           ("attn_v", (key, hidden)), ("attn_q_norm", (HEAD_DIM,)), ("attn_k_norm", (HEAD_DIM,)),
                           ("attn_output", (hidden, query)), ("ffn_norm", (hidden,)), ("ffn_gate", (inter, hidden)),
                           ("ffn_up", (inter, hidden)), ("ffn_down", (hidden, inter))):
            yield f"blk.{layer}.{name}.weight", size
    yield "output_norm.weight", (hidden,)
    if not shape["tied"]: yield "output.weight", (VOCABULARY, hidden)


def random_bfloat16(count, rng=numpy.random.default_rng(0)):
    """Bits of bfloat16 numbers between 2^-8 and 2^-5 of either sign; a block of random ones, repeated."""
    block = rng.integers(0, 1 << 16, size=min(count, 1 << 22), dtype=numpy.uint16)
    exponent = 119 + block % 3
    bits = (block & 0x8000) | (exponent.astype(numpy.uint16) << 7) | ((block >> 4) & 0x7F)
    return numpy.resize(bits, count)


def write(shape, path):
    writer = gguf.GGUFWriter(path, "qwen3")
    writer.add_name("random weights")
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    writer.add_block_count(shape["layers"])
    writer.add_context_length(40960)
    writer.add_embedding_length(shape["hidden"])
    writer.add_feed_forward_length(shape["inter"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    # A vocabulary that is never used: both programs are measured on random token ids.
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list([f"t{index}" for index in range(VOCABULARY)])
    writer.add_token_types([gguf.TokenType.NORMAL] * VOCABULARY)
    writer.add_token_merges(["t 0"])
    writer.add_eos_token_id(0)
    for name, size in tensors(shape):
        isNorm = len(size) == 1
        kind = gguf.GGMLQuantizationType.F32 if isNorm else gguf.GGMLQuantizationType.BF16
        count = int(numpy.prod(size))
        writer.add_tensor_info(name, size, numpy.dtype(numpy.float32), count * (4 if isNorm else 2), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for name, size in tensors(shape):
        count = int(numpy.prod(size))
        data = numpy.ones(count, numpy.float32) if len(size) == 1 else random_bfloat16(count)
        writer.write_tensor_data(data)
    writer.close()


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in SHAPES: sys.exit(__doc__)
    write(SHAPES[sys.argv[1]], sys.argv[2])
