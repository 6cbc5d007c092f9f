"""SAIL-VL2 in miniature, for training: the published architecture as functions over named tensors.

The names are the published tensor names, so that an export is a plain dump. One linear head is
ours alone and is not exported: it reads off every visual token what lies under its four patches,
which teaches the small vision tower to see within minutes instead of hours.
"""
from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from drawing import COLOURS, GLYPHS, SHAPES
from tokenizer import ADDED, VOCAB_SIZE

SIDE, PATCH, PER_TILE = 112, 14, 16          # 8 × 8 patches, 16 visual tokens a tile
HEAD_DIM = 32
SIZES = {                                    # the demo model, and the smaller one that drafts for it
    "demo": dict(D=128, V_LAYERS=4, V_HEADS=4, V_INTER=320, H=192, LAYERS=4, HEADS=6, KV_HEADS=2, INTER=384),
    "draft": dict(D=64, V_LAYERS=3, V_HEADS=2, V_INTER=160, H=96, LAYERS=2, HEADS=3, KV_HEADS=1, INTER=192),
}
V_EPS, EPS, THETA = 1e-5, 1e-6, 1_000_000
CLASSES = ["", *SHAPES, *GLYPHS]             # "" is the background
TINTS = ["", *COLOURS]
HINT = "hint.weight"                         # the head that is not exported


def use(size: str) -> None:
    """Sets the sizes that everything here reads: D, V_LAYERS, …, INTER."""
    globals().update(SIZES[size])


use("demo")


def init(seed: int) -> dict[str, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    w: dict[str, torch.Tensor] = {}

    def normal(name, *shape, std=None, scale=.8):
        fan_in = math.prod(shape[1:])
        w[name] = torch.randn(*shape, generator=g) * (std if std is not None else scale / math.sqrt(fan_in))

    def ones(name, n):
        w[name] = torch.ones(n)

    pre = "vision_model.preprocessor."
    normal(pre + "patchifier.proj.weight", D, 3, PATCH, PATCH)
    w[pre + "patchifier.proj.bias"] = torch.zeros(D)
    ones(pre + "patchifier.norm.weight", D)
    normal(pre + "pos_embed", 1, (SIDE // PATCH) ** 2, D, std=.2)
    for i in range(V_LAYERS):
        b, small = f"vision_model.trunk.blocks.{i}.", .8 / math.sqrt(2 * V_LAYERS)
        ones(b + "norm_1.weight", D)
        ones(b + "norm_2.weight", D)
        normal(b + "attn.qkv.weight", 3 * D, D)
        normal(b + "attn.proj.weight", D, D, scale=small)
        normal(b + "mlp.fc1.weight", V_INTER, D)
        normal(b + "mlp.fc3.weight", V_INTER, D)
        normal(b + "mlp.fc2.weight", D, V_INTER, scale=small)
    ones("vision_model.trunk.post_trunk_norm.weight", D)
    ones("mlp1.0.weight", 4 * D)
    w["mlp1.0.bias"] = torch.zeros(4 * D)
    normal("mlp1.1.weight", H, 4 * D)
    w["mlp1.1.bias"] = torch.zeros(H)
    normal("mlp1.3.weight", H, H)
    w["mlp1.3.bias"] = torch.zeros(H)
    normal("language_model.model.embed_tokens.weight", VOCAB_SIZE, H, std=.05)
    for i in range(LAYERS):
        b, small = f"language_model.model.layers.{i}.", .8 / math.sqrt(2 * LAYERS)
        ones(b + "input_layernorm.weight", H)
        ones(b + "post_attention_layernorm.weight", H)
        normal(b + "self_attn.q_proj.weight", HEADS * HEAD_DIM, H)
        normal(b + "self_attn.k_proj.weight", KV_HEADS * HEAD_DIM, H)
        normal(b + "self_attn.v_proj.weight", KV_HEADS * HEAD_DIM, H)
        normal(b + "self_attn.o_proj.weight", H, HEADS * HEAD_DIM, scale=small)
        ones(b + "self_attn.q_norm.weight", HEAD_DIM)
        ones(b + "self_attn.k_norm.weight", HEAD_DIM)
        normal(b + "mlp.gate_proj.weight", INTER, H)
        normal(b + "mlp.up_proj.weight", INTER, H)
        normal(b + "mlp.down_proj.weight", H, INTER, scale=small)
    ones("language_model.model.norm.weight", H)
    normal(HINT, 4 * (len(CLASSES) + len(TINTS)), H)
    return {k: v.requires_grad_() for k, v in w.items()}


def visual_tokens(w, pixels: torch.Tensor) -> torch.Tensor:
    """[N, 3, 112, 112] → [N · 16, H]."""
    pre = "vision_model.preprocessor."
    n, grid = pixels.shape[0], SIDE // PATCH
    # the convolution, written as one matrix product over cut-out patches
    x = pixels.view(n, 3, grid, PATCH, grid, PATCH).permute(0, 2, 4, 1, 3, 5).reshape(n, grid * grid, -1)
    x = F.linear(x, w[pre + "patchifier.proj.weight"].flatten(1), w[pre + "patchifier.proj.bias"])
    x = F.rms_norm(x, (D,), w[pre + "patchifier.norm.weight"], V_EPS) + w[pre + "pos_embed"]
    for i in range(V_LAYERS):
        b = f"vision_model.trunk.blocks.{i}."
        y = F.rms_norm(x, (D,), w[b + "norm_1.weight"], V_EPS)
        q, k, v = F.linear(y, w[b + "attn.qkv.weight"]).view(n, -1, 3, V_HEADS, D // V_HEADS).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v)
        x = x + F.linear(a.transpose(1, 2).reshape(n, -1, D), w[b + "attn.proj.weight"])
        y = F.rms_norm(x, (D,), w[b + "norm_2.weight"], V_EPS)
        x = x + F.linear(F.silu(F.linear(y, w[b + "mlp.fc1.weight"])) * F.linear(y, w[b + "mlp.fc3.weight"]), w[b + "mlp.fc2.weight"])
    x = F.rms_norm(x, (D,), w["vision_model.trunk.post_trunk_norm.weight"], V_EPS)
    x = x.view(n, grid // 2, 2, grid // 2, 2, D).permute(0, 1, 3, 2, 4, 5).reshape(n * PER_TILE, 4 * D)
    x = F.layer_norm(x, (4 * D,), w["mlp1.0.weight"], w["mlp1.0.bias"], 1e-5)
    return F.linear(F.gelu(F.linear(x, w["mlp1.1.weight"], w["mlp1.1.bias"])), w["mlp1.3.weight"], w["mlp1.3.bias"])


def decoder(w, part: dict, visual: torch.Tensor | None) -> torch.Tensor:
    """A micro-batch of data.collate → [tokens to learn, H], final norm included.

    Linear layers see the flat tokens, attention the [B, T] arrangement; what follows the attention of
    the last layer is computed only where something is to be predicted.
    """
    ids, index, back, predict = (torch.from_numpy(part[k]) for k in ("ids", "index", "back", "from"))
    x = F.embedding(ids, w["language_model.model.embed_tokens.weight"])
    if visual is not None:
        x = x.masked_scatter((ids == ADDED["<IMG_CONTEXT>"])[:, None], visual)
    n, t = index.shape
    angle = torch.arange(t)[:, None] / THETA ** (torch.arange(0, HEAD_DIM, 2) / HEAD_DIM)
    cos, sin = angle.cos().repeat(1, 2), angle.sin().repeat(1, 2)

    def arranged(z, heads):  # flat → [B, heads, T, head_dim]
        return z.index_select(0, index.view(-1)).view(n, t, heads, HEAD_DIM).transpose(1, 2)

    def rope(z):
        half = torch.cat([-z[..., HEAD_DIM // 2:], z[..., : HEAD_DIM // 2]], -1)
        return z * cos + half * sin

    for i in range(LAYERS):
        b = f"language_model.model.layers.{i}."
        y = F.rms_norm(x, (H,), w[b + "input_layernorm.weight"], EPS)
        q = F.linear(y, w[b + "self_attn.q_proj.weight"]).view(-1, HEADS, HEAD_DIM)
        k = F.linear(y, w[b + "self_attn.k_proj.weight"]).view(-1, KV_HEADS, HEAD_DIM)
        v = arranged(F.linear(y, w[b + "self_attn.v_proj.weight"]), KV_HEADS)
        q = rope(arranged(F.rms_norm(q, (HEAD_DIM,), w[b + "self_attn.q_norm.weight"], EPS), HEADS))
        k = rope(arranged(F.rms_norm(k, (HEAD_DIM,), w[b + "self_attn.k_norm.weight"], EPS), KV_HEADS))
        k, v = (z.repeat_interleave(HEADS // KV_HEADS, 1) for z in (k, v))
        a = F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n * t, -1)
        if i == LAYERS - 1:
            x, back = x.index_select(0, predict), back[predict]
        x = x + F.linear(a.index_select(0, back), w[b + "self_attn.o_proj.weight"])
        y = F.rms_norm(x, (H,), w[b + "post_attention_layernorm.weight"], EPS)
        x = x + F.linear(F.silu(F.linear(y, w[b + "mlp.gate_proj.weight"])) * F.linear(y, w[b + "mlp.up_proj.weight"]), w[b + "mlp.down_proj.weight"])
    return F.rms_norm(x, (H,), w["language_model.model.norm.weight"], EPS)
