"""Muon for the matrices (momentum, then orthogonalised by a Newton-Schulz iteration), AdamW for the rest.

Our own Muon and not torch.optim's: that one computes in bfloat16, which is slow on CPUs without
bfloat16 instructions, and this one runs all matrices of one shape as one batched product.
"""
from __future__ import annotations

import torch

ADAM_ONLY = ("embed_tokens", "pos_embed", "patchifier", "hint")


def orthogonal(x: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """[N, rows ≤ columns]: every matrix towards the nearest one with all singular values 1."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        s = x @ x.mT
        x = a * x + torch.baddbmm(s, s, s, beta=b, alpha=c) @ x
    return x


class Muon:
    def __init__(self, weights: dict[str, torch.Tensor], momentum=.95, decay=.05):
        self.momentum, self.decay = momentum, decay
        self.groups: dict[tuple, list] = {}        # (rows, columns) → [(weight, part, parts)]
        for name, p in weights.items():
            if p.ndim == 2 and not any(k in name for k in ADAM_ONLY):
                parts = 3 if "qkv" in name else 1   # q, k and v are three matrices stored as one
                for i in range(parts):
                    rows, columns = p.shape[0] // parts, p.shape[1]
                    self.groups.setdefault((min(rows, columns), max(rows, columns)), []).append((p, i, parts))
        self.buffers = {shape: torch.zeros(len(m), *shape) for shape, m in self.groups.items()}
        self.taken = {id(p) for m in self.groups.values() for p, _, _ in m}

    def step(self, lr: float, pool) -> None:
        """`pool`: the shapes are independent of each other and are spread over its threads."""
        list(pool.map(lambda shape: self._step(shape, lr), sorted(self.groups, key=lambda s: -s[0] * s[1])))

    @torch.no_grad()
    def _step(self, shape, lr: float) -> None:
        used = [i for i, (p, _, _) in enumerate(self.groups[shape]) if p.grad is not None]
        if not used:
            return
        members, grad = [self.groups[shape][i] for i in used], []
        for p, i, parts in members:
            g = p.grad.chunk(parts)[i]
            grad.append(g if g.shape[0] <= g.shape[1] else g.T)
        g = torch.stack(grad)
        buffer = self.buffers[shape][used].lerp_(g, 1 - self.momentum)
        self.buffers[shape][used] = buffer
        update = orthogonal(g.lerp(buffer, self.momentum))
        for (p, i, parts), u in zip(members, update):
            part = p.data.chunk(parts)[i]
            u = u if part.shape[0] <= part.shape[1] else u.T
            part.mul_(1 - lr * self.decay).add_(u, alpha=-lr * max(1, part.shape[0] / part.shape[1]) ** .5)
