"""Writes a checkpoint whose decoder has the weights that llama.cpp's Q4_K_M makes of another's, for flotilla compare.

Quantised by llama.cpp itself (ggml_quantize_chunk of the PyPI package xllamacpp), widened again to float16. Which matrices have
which type is llama.cpp's rule for Q4_K_M. Activations stay float32, while llama.cpp rounds them to eight bits as we do: what is
compared is the weights.

usage: k_quants.py CHECKPOINT OUT        needs xllamacpp, gguf and numpy
then:  flotilla compare --model OUT --reference CHECKPOINT --formats native
"""
import ctypes, json, pathlib, re, shutil, struct, sys
import gguf, numpy

KIND = gguf.GGMLQuantizationType


def library():
    """llama.cpp's functions, which the Python module of xllamacpp exports."""
    for place in map(pathlib.Path, sys.path):
        for file in (place / "xllamacpp").glob("*.so"):
            loaded = ctypes.CDLL(str(file))
            function = loaded.ggml_quantize_chunk
            function.restype = ctypes.c_size_t
            function.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int64] * 3 + [ctypes.c_void_p]
            return function
    sys.exit("k_quants: xllamacpp is not installed: pip install --no-deps xllamacpp")


def uses_more_bits(layer, layers):
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def kind_of(name, layers, tied):
    """The type of a matrix in Q4_K_M; None for what is not quantised."""
    if not name.startswith("language_model.") or "norm" in name: return None
    if name.endswith("lm_head.weight") or (tied and "embed_tokens" in name): return KIND.Q6_K
    layer = re.search(r"\.layers\.(\d+)\.", name)
    if layer and ("v_proj" in name or "down_proj" in name) and uses_more_bits(int(layer[1]), layers): return KIND.Q6_K
    return KIND.Q4_K


def requantised(quantise, kind, values):
    """Rows of float32 as `kind` has them."""
    rows, columns = values.shape
    block, size = gguf.GGML_QUANT_SIZES[kind]
    if columns % block: sys.exit(f"k_quants: a matrix has {columns} columns, expected a multiple of {block}")
    packed = numpy.zeros((rows, columns // block * size), numpy.uint8)
    quantise(kind, values.ctypes.data, packed.ctypes.data, 0, rows, columns, None)
    return gguf.quants.dequantize(packed, kind)


def convert(file, out, quantise, layers, tied, count):
    data = numpy.memmap(file, numpy.uint8, "r")
    length = struct.unpack("<Q", data[:8].tobytes())[0]
    header = json.loads(data[8:8 + length].tobytes())
    header.pop("__metadata__", None)
    offset, fields = 0, {}
    for name, one in sorted(header.items(), key=lambda item: item[1]["data_offsets"][0]):
        begin, end = one["data_offsets"]
        fields[name] = {"dtype": "F16" if kind_of(name, layers, tied) else one["dtype"], "shape": one["shape"],
                        "data_offsets": [offset, offset + end - begin]}
        offset += end - begin
    text = json.dumps(fields).encode()
    text += b" " * (-len(text) % 8)
    with open(out, "wb") as target:
        target.write(struct.pack("<Q", len(text)) + text)
        for name in fields:
            begin, end = (8 + length + place for place in header[name]["data_offsets"])
            kind = kind_of(name, layers, tied)
            if kind is None: target.write(data[begin:end]); continue
            if header[name]["dtype"] != "BF16": sys.exit(f"k_quants: {name} is {header[name]['dtype']}, expected BF16")
            rows, columns = header[name]["shape"]
            count[kind.name] = count.get(kind.name, 0) + rows * columns
            bits = data[begin:end].view(numpy.uint16).reshape(rows, columns)
            for first in range(0, rows, 4096):
                part = (bits[first:first + 4096].astype(numpy.uint32) << 16).view(numpy.float32)
                target.write(requantised(quantise, kind, numpy.ascontiguousarray(part)).astype(numpy.float16).tobytes())


if __name__ == "__main__":
    if len(sys.argv) != 3: sys.exit(__doc__)
    source, out = map(pathlib.Path, sys.argv[1:])
    if out.exists(): sys.exit(f"k_quants: {out} is there already")
    out.mkdir(parents=True)
    llm = json.loads((source / "config.json").read_text())["llm_config"]
    count, quantise = {}, library()
    for file in sorted(source.iterdir()):
        if not file.is_file(): continue
        if file.suffix != ".safetensors": shutil.copy(file, out); continue
        convert(file, out / file.name, quantise, llm["num_hidden_layers"], llm.get("tie_word_embeddings", False), count)
    bits = sum(number * gguf.GGML_QUANT_SIZES[KIND[name]][1] * 8 / gguf.GGML_QUANT_SIZES[KIND[name]][0] for name, number in count.items())
    print(f"{count}: {bits / sum(count.values()):.3f} bits a weight")
