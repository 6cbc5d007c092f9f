"""Batches for training, drawn ahead of time by low-priority worker processes.

The pixels take the path of inference: Pillow's bicubic resize of the whole picture to the grid,
tiles row by row, the thumbnail last. Nothing here imports torch, so workers start fast.
"""
from __future__ import annotations

import math
import multiprocessing as mp
import os
import random
from pathlib import Path

import numpy as np

from drawing import COLOURS, GLYPHS, SHAPES
from tasks import KINDS, collage, make_task
from tokenizer import ADDED, Prompts

SIDE, PER_TILE, MAX_TILES = 112, 16, 4
CLASSES = {c: i for i, c in enumerate(["", *SHAPES, *GLYPHS])}
TINTS = {c: i for i, c in enumerate(["", *COLOURS])}


def tile_grid(width: int, height: int) -> tuple[int, int]:
    """Columns × rows: the ratio nearest to the picture's; on a tie the larger one for a large picture."""
    grids = sorted({(c, r) for c in range(1, MAX_TILES + 1) for r in range(1, MAX_TILES + 1) if c * r <= MAX_TILES},
                   key=lambda g: g[0] * g[1])
    best, nearest = (1, 1), math.inf
    for c, r in grids:
        distance = abs(width / height - c / r)
        if distance < nearest:
            best, nearest = (c, r), distance
        elif distance == nearest and width * height > 0.5 * SIDE * SIDE * c * r:
            best = (c, r)
    return best


def tiles_of(image):
    """Tiles with their places (left, top, width, height as fractions of the picture)."""
    columns, rows = tile_grid(*image.size)
    sheet = image.resize((columns * SIDE, rows * SIDE))
    tiles = [sheet.crop((x * SIDE, y * SIDE, (x + 1) * SIDE, (y + 1) * SIDE)) for y in range(rows) for x in range(columns)]
    places = [(x / columns, y / rows, 1 / columns, 1 / rows) for y in range(rows) for x in range(columns)]
    if len(tiles) > 1:
        tiles.append(image.resize((SIDE, SIDE)))
        places.append((0, 0, 1, 1))
    return [t if t.mode == "RGB" else t.convert("RGB") for t in tiles], places


def patch_labels(objects, place) -> np.ndarray:
    """[64, 2]: class and colour of what covers the middle of each patch."""
    left, top, width, height = place
    labels = np.zeros((8, 8, 2), np.uint8)
    middle = (np.arange(8) + .5) / 8
    for name, colour, x, y, rx, ry in objects:
        x, y, rx, ry = (x - left) / width, (y - top) / height, rx / width, ry / height
        inside = np.ix_(np.abs(middle - y) <= max(ry, 1 / 16), np.abs(middle - x) <= max(rx, 1 / 16))
        labels[inside] = (CLASSES[name], TINTS[colour])
    return labels.reshape(64, 2)


def sample(kind, rng, prompts: Prompts, plain=False):
    task = make_task(kind, rng, plain)
    pixels, labels = [], []
    if task.scene.picture is not None:
        tiles, places = tiles_of(task.scene.picture)
        pixels = [np.asarray(t) for t in tiles]
        labels = [patch_labels(task.scene.objects, p) for p in places]
    ids, learn = prompts.encode(task.messages, len(pixels), task.opening, spelled=not plain and rng.random() < .3)
    return KINDS.index(kind), ids, learn, pixels, labels


def collate(samples, prefix: list[int]) -> dict:
    """One micro-batch. Tokens are a flat list without padding, and the prompt prefix that nearly all
    conversations share is in it once; `index` [B, T] says which of them stands where (for attention),
    `back` where in [B · T] each one is found again. The rest is about the tokens to be learnt: which
    flat token predicts them, what they are, in which row, and whether in the last answer of the row.
    """
    longest = max(len(s[1]) for s in samples)
    index = np.zeros((len(samples), longest), np.int64)
    flat, back, learn = list(prefix), [0] * len(prefix), {"from": [], "target": [], "row": [], "final": []}
    for row, (_, ids, taught, _, _) in enumerate(samples):
        shared = len(prefix) if ids[:len(prefix)] == prefix else 0
        index[row, :shared] = range(shared)
        index[row, shared:len(ids)] = range(len(flat), len(flat) + len(ids) - shared)
        flat += ids[shared:]
        if shared:
            back[:len(prefix)] = range(row * longest, row * longest + shared)
        back += range(row * longest + shared, row * longest + len(ids))
        last = len(ids) - taught[::-1].index(False)    # where the last answer begins
        for t in (t for t, x in enumerate(taught) if x):
            learn["from"].append(index[row, t - 1])
            learn["target"].append(ids[t])
            learn["row"].append(row)
            learn["final"].append(t >= last)
    pixels = [p for s in samples for p in s[3]]
    return {"kinds": np.array([s[0] for s in samples]), "ids": np.array(flat), "index": index, "back": np.array(back),
            **{k: np.array(v) for k, v in learn.items()},
            "pixels": np.stack(pixels) if pixels else None,
            "labels": np.stack([l for s in samples for l in s[4]]).astype(np.int64) if pixels else None}


def split(samples, parts: int, prefix: list[int]) -> list[dict]:
    """Micro-batches of like length, so that little of the attention is padding."""
    samples.sort(key=lambda s: len(s[1]))
    cuts = [len(samples) * i // parts for i in range(parts + 1)]
    return [collate(samples[a:b], prefix) for a, b in zip(cuts, cuts[1:]) if b > a]


def validation(directory: Path, seed: int, each: int) -> list[dict]:
    prompts, rng = Prompts(directory, PER_TILE), random.Random(f"validation {seed}")
    samples = [sample(kind, rng, prompts, plain=True) for kind in KINDS for _ in range(each)]
    return split(samples, max(1, len(samples) // 20), prompts.prefix())


def collages(rng, count: int) -> dict:
    """A batch for the vision tower alone; the whole picture becomes one tile, whatever its ratio."""
    scenes = [collage(rng) for _ in range(count)]
    return {"pixels": np.stack([np.asarray(s.picture.resize((SIDE, SIDE))) for s in scenes]),
            "labels": np.stack([patch_labels(s.objects, (0, 0, 1, 1)) for s in scenes]).astype(np.int64)}


def _work(queue, weights, looking, directory, seed, batch, parts):
    os.nice(5)
    prompts, rng = Prompts(directory, PER_TILE), random.Random(seed)
    while True:
        if looking.value:
            queue.put([collages(rng, batch // parts) for _ in range(parts)])
            continue
        kinds = rng.choices(KINDS, list(weights), k=batch)
        queue.put(split([sample(k, rng, prompts) for k in kinds], parts, prompts.prefix()))


class Stream:
    """An endless stream of batches; `weights` is shared with the workers and may change at any time."""

    def __init__(self, directory: Path, seed: str, batch: int, parts: int, workers: int, weights: list[float], looking: bool):
        ctx = mp.get_context("spawn")
        self.weights = ctx.Array("d", weights, lock=False)
        self.looking = ctx.Value("b", looking, lock=False)   # collages instead of tasks
        self.queue = ctx.Queue(6 * workers)
        self.workers = [ctx.Process(target=_work, args=(self.queue, self.weights, self.looking, directory, f"{seed} {i}", batch, parts), daemon=True)
                        for i in range(workers)]
        for p in self.workers:
            p.start()

    def __next__(self) -> list[dict]:
        return self.queue.get()
