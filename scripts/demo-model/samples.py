#!/usr/bin/env python3
"""Draw the sample pictures that the repository ships, with a question and the right answer for each."""
from __future__ import annotations

import argparse
import json
import random
import re
from pathlib import Path

from tasks import REASONING, make_task

WANTED = [  # file, kind, and what the answer must look like
    ("star.png", "shape", r"an? \w+ star"), ("three-shapes.png", "shapes", r".*, .*"), ("where.jpg", "position", r"top right"),
    ("count.png", "count", r"3"), ("number.webp", "digits", r"\d\d"), ("sum.png", "arithmetic", r".*7 \+ 5.*"),
    ("row.png", "wide", r".*, .*"), ("long-number.png", "wide", r"\d{4}"),
]


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    a.add_argument("--seed", type=int, default=11)
    a.add_argument("--out", type=Path, required=True)
    args = a.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    listing = []
    for name, kind, word in WANTED:
        for attempt in range(100_000):
            task = make_task(kind, random.Random(f"sample {args.seed} {name} {attempt}"), plain=True)
            question, answer = task.messages[0]["content"], task.messages[-1]["content"]
            if len(task.messages) == 2 and re.fullmatch(word + r"\.?", answer):
                break
        task.scene.picture.save(args.out / name, **({} if name.endswith("png") else {"quality": 92}))
        text = question[-1]["text"]
        listing.append({"file": name, "question": text.removesuffix(REASONING), "think": "on" if text.endswith(REASONING) else "auto",
                        "answer": answer})
    (args.out / "samples.json").write_text(json.dumps(listing, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
