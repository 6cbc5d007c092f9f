#!/usr/bin/env python3
"""Compare generated texts with the expected ones, exactly, and print a table. Exit 1 below the mark."""
from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path


def read_lines(path: Path) -> list[dict]:
    """One JSON object a line; other lines (logs) are passed over."""
    with open(path, encoding="utf-8") as f:
        return [json.loads(line) for line in f if line.startswith("{")]


def main() -> int:
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    a.add_argument("requests", type=Path, help="requests.jsonl of evalset.py")
    a.add_argument("answers", type=Path, help='one {"id", "text", …} a line')
    a.add_argument("--mark", type=float, default=95, help="percent that every kind has to reach")
    a.add_argument("--show", type=int, default=5, help="wrong answers to print")
    args = a.parse_args()
    wanted = read_lines(args.requests)
    given = {r["id"]: r.get("text") for r in read_lines(args.answers)}
    table: dict[str, list[int]] = {}
    wrong = []
    for r in wanted:
        text = given.get(r["id"])
        row = table.setdefault(r["kind"], [0, 0])
        row[0] += 1
        if text is not None and text.removesuffix("<|im_end|>") == r["expected"]:
            row[1] += 1
        else:
            wrong.append((r["id"], r["expected"], text))
    for name, expected, text in wrong[:args.show]:
        print(f"{name}: expected {expected!r}, got {'no answer' if text is None else repr(text)}", file=sys.stderr)
    print(f"{'kind':<12}{'pictures':>10}{'exact':>8}{'percent':>9}")
    total = [sum(row[i] for row in table.values()) for i in (0, 1)]
    for kind, (n, good) in [*table.items(), ("all", total)]:
        print(f"{kind:<12}{n:>10}{good:>8}{100 * good / max(1, n):>9.1f}")
    below = [kind for kind, (n, good) in table.items() if 100 * good < args.mark * n]
    if below or not table:
        print(f"below {args.mark:g} percent: {', '.join(below) or 'nothing was compared'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
