#!/usr/bin/env python3
"""How long PyTorch takes for a tile of 448 × 448 through SAILViT-Huge in float32: random weights, the vision tower alone.

Needs torch from PyPI. Attention is PyTorch's own fused one. To be compared with the time of `flotilla bench vision`.

usage: torch_tile.py [--threads 2] [--rounds 5]
"""
import argparse, statistics, time

import torch
import torch.nn.functional as F

DIM, INTER, HEADS, LAYERS, SIDE, PATCH, EPS = 1536, 4096, 12, 24, 448, 14, 1e-5


def random(*shape): return torch.randn(*shape) * 0.02


def rms_norm(x, weight): return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPS) * weight


class Block:
    def __init__(self):
        self.norms = [torch.ones(DIM), torch.ones(DIM)]
        self.qkv, self.out = random(3 * DIM, DIM), random(DIM, DIM)
        self.gate, self.up, self.down = random(INTER, DIM), random(INTER, DIM), random(DIM, INTER)

    def __call__(self, x):
        tiles, patches, _ = x.shape
        q, k, v = F.linear(rms_norm(x, self.norms[0]), self.qkv).view(tiles, patches, 3, HEADS, DIM // HEADS).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(tiles, patches, DIM)
        x = x + F.linear(attended, self.out)
        y = rms_norm(x, self.norms[1])
        return x + F.linear(F.silu(F.linear(y, self.gate)) * F.linear(y, self.up), self.down)


class Tower:
    def __init__(self):
        self.patches, self.positions = random(DIM, 3, PATCH, PATCH), random(1, (SIDE // PATCH) ** 2, DIM)
        self.norm, self.blocks = torch.ones(DIM), [Block() for _ in range(LAYERS)]

    def __call__(self, pixels):
        x = rms_norm(F.conv2d(pixels, self.patches, stride=PATCH).flatten(2).transpose(1, 2), self.norm) + self.positions
        for block in self.blocks: x = block(x)
        return rms_norm(x, self.norm)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tower, tile = Tower(), random(1, 3, SIDE, SIDE)
    seconds = []
    with torch.inference_mode():
        tower(tile)
        for _ in range(args.rounds):
            begin = time.perf_counter()
            tower(tile)
            seconds.append(time.perf_counter() - begin)
    print(f"torch {torch.__version__}, {args.threads} threads, float32: {statistics.median(seconds):.2f} s a tile "
          f"({min(seconds):.2f}–{max(seconds):.2f})")


main()
