#!/usr/bin/env python3
"""Draw an evaluation set: pictures and requests.jsonl with the exact answers. Needs Pillow only."""
from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from tasks import KINDS, make_task



def request(kind: str, number: int, rng: random.Random, out: Path) -> dict:
    """One request line; its picture is written as PNG, every tenth as JPEG and every tenth as WebP."""
    task = make_task(kind, rng, plain=True)
    *messages, answer = task.messages
    if task.scene.picture is not None:
        suffix = {3: "jpg", 7: "webp"}.get(number % 10, "png")
        name = f"pictures/{kind}-{number:04d}.{suffix}"
        task.scene.picture.save(out / name, **({} if suffix == "png" else {"quality": 90}))
        for m in messages:
            for part in m["content"] if isinstance(m["content"], list) else []:
                if part["type"] == "image":
                    part["image"] = name
    for m in messages:      # a text alone is written as a string
        if isinstance(m["content"], list) and len(m["content"]) == 1 and m["content"][0]["type"] == "text":
            m["content"] = m["content"][0]["text"]
    return {"id": f"{kind}-{number:04d}", "kind": kind, "messages": messages, "think": "auto", "max_tokens": 48,
            "expected": answer["content"]}


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    a.add_argument("--seed", type=int, default=20261122)
    a.add_argument("--count", type=int, default=500, help="requests in all, spread evenly over the kinds")
    a.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    a.add_argument("--out", type=Path, required=True)
    args = a.parse_args()
    (args.out / "pictures").mkdir(parents=True, exist_ok=True)
    with open(args.out / "requests.jsonl", "w", encoding="utf-8") as lines:
        for i in range(args.count):
            kind, number = args.kinds[i % len(args.kinds)], i // len(args.kinds)
            rng = random.Random(f"evaluation {args.seed} {kind} {number}")
            lines.write(json.dumps(request(kind, number, rng, args.out), ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
