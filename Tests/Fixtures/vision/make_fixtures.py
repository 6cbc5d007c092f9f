"""Makes what the tests of the vision tower compare with, from a PyTorch reference of the model in float32.

    pip install torch pillow safetensors numpy
    python Tests/Fixtures/vision/make_fixtures.py [--reference PATH/sailvl2_reference.py]

`<image>.rgb`: the tiles of the images in the mini models' golden conversations, [tiles, 56, 56, 3] bytes.
`<name>/`: a random checkpoint (config.json, preprocessor_config.json, model.safetensors) with golden.tensors:
"pixels" [tiles, 3, side, side] and "visual_tokens" [tokens of all tiles, hidden], both float32.
"""
from __future__ import annotations

import argparse
import importlib.util
import json
import math
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
TYPES = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}

# What the published models do not have: biases, other feature layers, v1, odd heads, grids that are no power of two.
SHAPES = {
    # 6 × 6 patches, three heads of 8, every bias; the last block but one.
    "biases-second-last": dict(heads=3, head_dim=8, patch=4, side=24, intermediate=40, layers=3, hidden=20,
                               select_layer=-2, qkv_bias=True, use_bias=True, ps_version="v2", dtype="BF16"),
    # Five heads of 6, float16, the first block of two, transposed order; a bias of q, k and v only.
    "first-block-v1": dict(heads=5, head_dim=6, patch=3, side=18, intermediate=33, layers=2, hidden=24,
                           select_layer=0, qkv_bias=True, use_bias=False, ps_version="v1", dtype="F16"),
    # 18 × 18 patches and 270 columns: more than one block of a product both ways; merged three by three.
    "many-blocks": dict(heads=1, head_dim=32, patch=2, side=36, intermediate=270, layers=1, hidden=16, merge=3,
                        select_layer=-1, qkv_bias=False, use_bias=False, ps_version="v2", dtype="BF16"),
}


def load_reference(path: Path):
    spec = importlib.util.spec_from_file_location("sailvl2_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def configs(s: dict) -> tuple[dict, dict]:
    decoder = dict(architectures=["Qwen3ForCausalLM"], hidden_size=s["hidden"], num_hidden_layers=1,
                   num_attention_heads=1, num_key_value_heads=1, head_dim=4, intermediate_size=8, vocab_size=16,
                   max_position_embeddings=64, rope_theta=1e6, rms_norm_eps=1e-6, tie_word_embeddings=True,
                   model_type="qwen3", hidden_act="silu")
    vision = dict(architectures=["SAILViTModel"], model_type="sailvit", hidden_size=s["heads"] * s["head_dim"],
                  num_hidden_layers=s["layers"], num_attention_heads=s["heads"], intermediate_size=s["intermediate"],
                  patch_size=s["patch"], image_size=s["side"], num_channels=3, rms_norm_eps=1e-5,
                  qkv_bias=s["qkv_bias"], use_bias=s["use_bias"])
    config = dict(architectures=["SAILVLModel"], model_type="sailvl", template="univl-chat",
                  downsample_ratio=1 / s.get("merge", 2), force_image_size=s["side"], ps_version=s["ps_version"],
                  select_layer=s["select_layer"], llm_config=decoder, vision_config=vision)
    preprocessor = dict(max_dynamic_patch=2, patch_size=s["patch"], image_size=s["side"],
                        image_mean=[0.485, 0.456, 0.406], image_std=[0.229, 0.224, 0.225])
    return config, preprocessor


def tensors(s: dict, generator: torch.Generator) -> dict[str, torch.Tensor]:
    d, h, i, merged = s["heads"] * s["head_dim"], s["hidden"], s["intermediate"], s.get("merge", 2) ** 2
    w: dict[str, torch.Tensor] = {}

    def add(name: str, *shape: int, scale: float | None = None, around: float = 0):
        scale = scale or 1 / math.sqrt(math.prod(shape[1:]))
        values = around + scale * torch.randn(shape, generator=generator)
        w[name] = values.to(TYPES[s["dtype"]])

    pre = "vision_model.preprocessor."
    add(pre + "patchifier.proj.weight", d, 3, s["patch"], s["patch"])
    add(pre + "patchifier.proj.bias", d, scale=0.2)
    add(pre + "patchifier.norm.weight", d, scale=0.2, around=1)
    add(pre + "pos_embed", 1, (s["side"] // s["patch"]) ** 2, d, scale=0.5)
    for n in range(s["layers"]):
        b = f"vision_model.trunk.blocks.{n}."
        shapes = {"attn.qkv": (3 * d, d), "attn.proj": (d, d), "mlp.fc1": (i, d), "mlp.fc2": (d, i), "mlp.fc3": (i, d)}
        for name, shape in shapes.items():
            # Queries and keys are large, so that the softmax has something to choose.
            add(b + name + ".weight", *shape, scale=2 / math.sqrt(shape[1]))
            if s["qkv_bias"] if name == "attn.qkv" else s["use_bias"]:
                add(b + name + ".bias", shape[0], scale=0.3)
        for name in ("norm_1", "norm_2"):
            add(b + name + ".weight", d, scale=0.2, around=1)
    add("vision_model.trunk.post_trunk_norm.weight", d, scale=0.2, around=1)
    add("mlp1.0.weight", merged * d, scale=0.2, around=1)
    add("mlp1.0.bias", merged * d, scale=0.2)
    add("mlp1.1.weight", h, merged * d)
    add("mlp1.1.bias", h, scale=0.2)
    add("mlp1.3.weight", h, h)
    add("mlp1.3.bias", h, scale=0.2)
    decoder = "language_model.model."
    layer = decoder + "layers.0."
    for name, shape in {
        decoder + "embed_tokens": (16, h), decoder + "norm": (h,), layer + "input_layernorm": (h,),
        layer + "post_attention_layernorm": (h,), layer + "self_attn.q_proj": (4, h), layer + "self_attn.k_proj": (4, h),
        layer + "self_attn.v_proj": (4, h), layer + "self_attn.q_norm": (4,), layer + "self_attn.k_norm": (4,),
        layer + "self_attn.o_proj": (h, 4), layer + "mlp.gate_proj": (8, h), layer + "mlp.up_proj": (8, h),
        layer + "mlp.down_proj": (h, 8),
    }.items():
        add(name + ".weight", *shape, scale=0.1)
    return w


def make_checkpoint(name: str, s: dict, reference) -> None:
    directory = HERE / name
    directory.mkdir(exist_ok=True)
    config, preprocessor = configs(s)
    (directory / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    (directory / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=1) + "\n")
    generator = torch.Generator().manual_seed(sum(name.encode()))
    save_file(tensors(s, generator), directory / "model.safetensors")
    noise = np.random.default_rng(7).integers(0, 256, (1, s["side"], s["side"], 3), dtype=np.uint8)
    tiles = [Image.fromarray(tile) for tile in noise]
    pixels = reference.pixel_values(tiles, preprocessor["image_mean"], preprocessor["image_std"])
    tokens = reference.Reference(directory).visual_tokens(pixels)
    save_file({"pixels": pixels.contiguous(), "visual_tokens": tokens.contiguous()}, directory / "golden.tensors")
    size = sum(f.stat().st_size for f in directory.iterdir())
    print(f"{name}: {size} bytes, tokens {list(tokens.shape)}, largest {tokens.abs().max():.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--reference", type=Path, default=ROOT / "../shared/reference/sailvl2_reference.py")
    reference = load_reference(parser.parse_args().reference)
    for file in ("wide.png", "photo444.jpg"):
        tiles = reference.tiles_of(Image.open(HERE.parent / "images" / file), 56, 6)
        raw = np.stack([np.asarray(tile, dtype=np.uint8) for tile in tiles])
        (HERE / Path(file).with_suffix(".rgb").name).write_bytes(raw.tobytes())
        print(f"{file}: {len(tiles)} tiles")
    with torch.no_grad():
        for name, shape in SHAPES.items():
            make_checkpoint(name, shape, reference)


if __name__ == "__main__":
    main()
