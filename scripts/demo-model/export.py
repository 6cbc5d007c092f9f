#!/usr/bin/env python3
"""Write a training state as a checkpoint in the published layout: bfloat16, published names and files."""
from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file

import model as m
import tokenizer
from data import MAX_TILES
from tokenizer import ADDED, VOCAB_SIZE

PREPROCESSOR = {
    "auto_map": {"AutoImageProcessor": "image_processing_sailvl.SAILVLImageProcessor", "AutoProcessor": "processing_sailvl.SAILVLProcessor"},
    "max_dynamic_patch": MAX_TILES, "patch_size": m.PATCH, "image_size": m.SIDE, "use_msac": False,
    "image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "pad_input": True,
}


def config() -> dict:
    """config.json for the sizes in use."""
    llm = {
        "architectures": ["Qwen3ForCausalLM"], "attn_implementation": "sdpa", "attention_bias": False, "attention_dropout": 0.0,
        "bos_token_id": ADDED["<|endoftext|>"], "eos_token_id": ADDED["<|im_end|>"], "pad_token_id": ADDED["<|endoftext|>"],
        "head_dim": m.HEAD_DIM, "hidden_act": "silu", "hidden_size": m.H, "initializer_range": 0.02, "intermediate_size": m.INTER,
        "max_position_embeddings": 40960, "max_window_layers": m.LAYERS, "model_type": "qwen3", "num_attention_heads": m.HEADS,
        "num_hidden_layers": m.LAYERS, "num_key_value_heads": m.KV_HEADS, "rms_norm_eps": m.EPS, "rope_scaling": None,
        "rope_theta": m.THETA, "sliding_window": None, "tie_word_embeddings": True, "torch_dtype": "bfloat16",
        "transformers_version": "4.51.0", "use_cache": True, "use_sliding_window": False, "vocab_size": VOCAB_SIZE,
    }
    vision = {
        "architectures": ["SAILViTModel"], "attention_dropout": 0.0,
        "auto_map": {"AutoConfig": "configuration_sailvit.SAILViTConfig", "AutoModel": "modeling_sailvit.SAILViTModel"},
        "hidden_size": m.D, "image_size": m.SIDE, "intermediate_size": m.V_INTER, "model_type": "sailvit",
        "num_attention_heads": m.V_HEADS, "num_channels": 3, "num_hidden_layers": m.V_LAYERS, "patch_size": m.PATCH,
        "projection_dropout": 0.0, "qkv_bias": False, "rms_norm_eps": m.V_EPS, "torch_dtype": "bfloat16", "use_bias": False,
    }
    return {
        "_commit_hash": None, "architectures": ["SAILVLModel"],
        "auto_map": {"AutoConfig": "configuration_sailvl.SAILVLConfig", "AutoModel": "modeling_sailvl.SAILVLModel",
                     "AutoModelForCausalLM": "modeling_sailvl.SAILVLModel"},
        "downsample_ratio": 0.5, "dynamic_image_size": True, "force_image_size": m.SIDE, "llm_config": llm,
        "max_dynamic_patch": MAX_TILES, "min_dynamic_patch": 1, "model_type": "sailvl", "pad2square": False, "ps_version": "v2",
        "select_layer": -1, "template": "univl-chat", "tie_word_embeddings": True, "torch_dtype": "bfloat16",
        "transformers_version": None, "use_backbone_lora": 0, "use_llm_lora": 0, "use_thumbnail": True, "vision_config": vision,
    }


def export(run: Path, out: Path, key: str = "average") -> int:
    state = torch.load(run / "state.pt")
    m.use(state.get("size", "demo"))
    weights = {k: v.detach().to(torch.bfloat16).contiguous() for k, v in sorted(state[key].items()) if k != m.HINT}
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as name:   # renamed file by file at the end
        new = Path(name)
        save_file(weights, new / "model.safetensors", metadata={"format": "pt"})
        (new / "config.json").write_text(json.dumps(config(), indent=1) + "\n")
        (new / "preprocessor_config.json").write_text(json.dumps(PREPROCESSOR, indent=1) + "\n")
        (new / "generation_config.json").write_text('{\n "_from_model_config": true,\n "transformers_version": "4.51.0"\n}\n')
        for file in ("vocab.json", "merges.txt"):
            shutil.copyfile(run / "tokenizer" / file, new / file)
        tokenizer.write_files(new)
        for file in new.iterdir():
            os.chmod(file, 0o644)
            os.replace(file, out / file.name)
    return state["step"]


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument("run", type=Path, help="the --out directory of train.py")
    a.add_argument("out", type=Path, help="directory of the checkpoint")
    a.add_argument("--last", action="store_true", help="the last weights instead of their running average")
    args = a.parse_args()
    step = export(args.run, args.out, "weights" if args.last else "average")
    size = (args.out / "model.safetensors").stat().st_size
    print(f"step {step}: {args.out}, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
