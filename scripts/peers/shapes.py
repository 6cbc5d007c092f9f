"""The decoders of SAIL-VL2-2B and -8B, which are Qwen3-1.7B and -8B, as the peers' files need them."""
SHAPES = {
    "2b": dict(layers=28, hidden=2048, heads=16, inter=6144, tied=True),
    "8b": dict(layers=36, hidden=4096, heads=32, inter=12288, tied=False),
}
KV_HEADS, HEAD_DIM, VOCABULARY = 8, 128, 151_936
