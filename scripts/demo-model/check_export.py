#!/usr/bin/env python3
"""Answer an evaluation set with a plain PyTorch reference of SAIL-VL2 and an exported checkpoint.

The reference is a file with a class `Reference` (tile_grid, tiles_of, pixel_values, prompt, greedy).
The tokenizer is transformers' AutoTokenizer; its ids are compared with those of the training.
"""
from __future__ import annotations

import argparse
import importlib.util
import json
import sys
from pathlib import Path

import torch
from PIL import Image
from transformers import AutoTokenizer

from tokenizer import Prompts


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("checkpoint", type=Path)
    a.add_argument("requests", type=Path)
    a.add_argument("--reference", type=Path, required=True)
    a.add_argument("--limit", type=int, default=10**9)
    a.add_argument("--threads", type=int, default=1)
    args = a.parse_args()
    torch.set_num_threads(args.threads)
    spec = importlib.util.spec_from_file_location("reference", args.reference)
    reference = importlib.util.module_from_spec(spec)
    sys.modules["reference"] = reference
    spec.loader.exec_module(reference)
    ref, tokenizer = reference.Reference(args.checkpoint), AutoTokenizer.from_pretrained(args.checkpoint, trust_remote_code=False)
    pre = json.loads((args.checkpoint / "preprocessor_config.json").read_text())
    prompts, end = Prompts(args.checkpoint, ref.visual_tokens_per_tile()), tokenizer.convert_tokens_to_ids("<|im_end|>")
    with open(args.requests, encoding="utf-8") as lines, torch.no_grad():
        for line in list(lines)[:args.limit]:
            r = json.loads(line)
            files = [p["image"] for m in r["messages"] if isinstance(m["content"], list) for p in m["content"] if p["type"] == "image"]
            tiles = [reference.tiles_of(Image.open(args.requests.parent / f), pre["image_size"], pre["max_dynamic_patch"]) for f in files]
            ids = tokenizer(ref.prompt(r["messages"], [len(t) for t in tiles]))["input_ids"]
            whole, learn = prompts.encode(r["messages"] + [{"role": "assistant", "content": r["expected"]}], sum(map(len, tiles)))
            if whole[:len(ids)] != ids or not all(learn[len(ids):]) or learn[len(ids) - 1]:
                raise SystemExit(f"{r['id']}: the ids differ from those of the training\n{ids}\n{whole}")
            pixels = [reference.pixel_values(t, pre["image_mean"], pre["image_std"]) for t in tiles]
            visual = ref.visual_tokens(torch.cat(pixels)) if pixels else None
            out, _ = ref.greedy(ids, visual, r["max_tokens"], end)
            text = tokenizer.decode([t for t in out if t != end])
            print(json.dumps({"id": r["id"], "text": text, "tokens": out}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
