"""Writes a GGUF file of random weights in the shape of a Qwen3 decoder, for llama.cpp, ik_llama.cpp and OpenVINO.

What a step takes does not depend on the numbers in it; they are small and none is subnormal, which would slow it down. All
matrices are in the one format that is asked for. FORMAT is bf16 (native as well), q8 (Q8_0), or q4-pure (Q4_0).

usage: make_gguf.py SHAPE FORMAT OUT.gguf        SHAPE: tiny, 2b, 8b
"""
import sys
import gguf, numpy

from shapes import HEAD_DIM, SHAPES, random_bfloat16, vocabulary

# Bytes that 32 weights take, and the scale at the beginning of them where there is one.
FORMATS = {"native": ("BF16", 64, None), "bf16": ("BF16", 64, None), "q8": ("Q8_0", 34, 2e-4), "q4-pure": ("Q4_0", 18, 3e-3)}


def tensors(shape):
    """Name and shape of every tensor, as gguf has them: rows first, then columns."""
    hidden, query, key, inter = shape["hidden"], shape["heads"] * HEAD_DIM, shape["kv"] * HEAD_DIM, shape["inter"]
    yield "token_embd.weight", (shape["vocabulary"], hidden)
    for layer in range(shape["layers"]):
        for name, size in (("attn_norm", (hidden,)), ("attn_q", (query, hidden)), ("attn_k", (key, hidden)),
                           ("attn_v", (key, hidden)), ("attn_q_norm", (HEAD_DIM,)), ("attn_k_norm", (HEAD_DIM,)),
                           ("attn_output", (hidden, query)), ("ffn_norm", (hidden,)), ("ffn_gate", (inter, hidden)),
                           ("ffn_up", (inter, hidden)), ("ffn_down", (hidden, inter))):
            yield f"blk.{layer}.{name}.weight", size
    yield "output_norm.weight", (hidden,)
    if not shape["tied"]: yield "output.weight", (shape["vocabulary"], hidden)


def matrix(form, count, seed):
    """The bytes of `count` weights: a block of random ones, repeated; another block for every tensor."""
    _, width, scale = FORMATS[form]
    if scale is None: return random_bfloat16(count, seed).view(numpy.uint8)
    block = numpy.random.default_rng(seed).integers(-127, 128, size=(min(count // 32, 1 << 16), width), dtype=numpy.int8).view(numpy.uint8)
    block[:, :2] = numpy.frombuffer(numpy.float16(scale).tobytes(), numpy.uint8)
    return numpy.resize(block, count // 32 * width)


def write(shape, form, path):
    kind, width, _ = FORMATS[form]
    writer = gguf.GGUFWriter(path, "qwen3")
    describe(writer, shape, gguf.LlamaFileType[f"MOSTLY_{kind}"])
    for name, size in tensors(shape):
        if len(size) == 1:
            writer.add_tensor_info(name, size, numpy.dtype(numpy.float32), size[0] * 4, raw_dtype=gguf.GGMLQuantizationType.F32)
        else:
            size = (size[0], size[1] // 32 * width)
            writer.add_tensor_info(name, size, numpy.dtype(numpy.uint8), size[0] * size[1], raw_dtype=gguf.GGMLQuantizationType[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for number, (_, size) in enumerate(tensors(shape)):
        writer.write_tensor_data(numpy.ones(size[0], numpy.float32) if len(size) == 1 else matrix(form, int(numpy.prod(size)), number))
    writer.close()


def describe(writer, shape, file_type):
    writer.add_name("random weights")
    writer.add_file_type(file_type)
    writer.add_quantization_version(2)
    writer.add_block_count(shape["layers"])
    writer.add_context_length(40960)
    writer.add_embedding_length(shape["hidden"])
    writer.add_feed_forward_length(shape["inter"])
    writer.add_head_count(shape["heads"])
    writer.add_head_count_kv(shape["kv"])
    writer.add_key_length(HEAD_DIM)
    writer.add_value_length(HEAD_DIM)
    writer.add_rope_freq_base(1e6)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(shape["vocabulary"])
    # No text is ever read: the programs are measured on random token ids. OpenVINO wants a tokenizer all the same.
    end = shape["vocabulary"] - 1
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(vocabulary(shape["vocabulary"]))
    writer.add_token_types([gguf.TokenType.NORMAL] * end + [gguf.TokenType.CONTROL])
    writer.add_token_merges(["\u0120 x256"])
    writer.add_eos_token_id(end)
    writer.add_pad_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_chat_template("{% for m in messages %}{{ m['content'] }}{% endfor %}")


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in SHAPES or sys.argv[2] not in FORMATS: sys.exit(__doc__)
    write(SHAPES[sys.argv[1]], sys.argv[2], sys.argv[3])
