"""A small byte-level BPE vocabulary of the Qwen2 kind, trained on our own questions and answers.

The published default system prompt, the reasoning instruction and the words of the tasks weigh so
much in the corpus that each becomes a few whole tokens: prompts stay short and training stays fast.
"""
from __future__ import annotations

import json
import random
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from tasks import FACTS, KINDS, REASONING, SYSTEMS, make_task

DEFAULT_SYSTEM = "你是由抖音内容理解组开发的多模态大模型，英文名叫UniVL, 是一个有用无害的人工智能助手。"
SPLIT = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
BASE = 736  # entries before the added tokens
CONTROL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
           "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
           "<|image_pad|>", "<|video_pad|>"]
ORDINARY = ["<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|fim_pad|>",
            "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>", "</think>"]
PICTURE = ["<img>", "</img>", "<IMG_CONTEXT>", "<quad>", "</quad>", "<ref>", "</ref>", "<box>", "</box>"]
ADDED = {token: BASE + i for i, token in enumerate(CONTROL + ORDINARY + PICTURE)}
VOCAB_SIZE = -(-(BASE + len(ADDED)) // 32) * 32  # padded, as the published models pad theirs


def _plain(model) -> Tokenizer:
    t = Tokenizer(model)
    t.normalizer = normalizers.NFC()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(SPLIT), "isolated"),
                                               pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    t.decoder = decoders.ByteLevel()
    return t


def _corpus(seed: int = 7):
    rng = random.Random(seed)
    fixed = [DEFAULT_SYSTEM, REASONING, "system\n", "user\n", "assistant\n", "\n\n", *SYSTEMS]
    yield from fixed * 3000
    for questions, answer in FACTS:
        yield from (questions + [answer]) * 300
    for _ in range(6000):
        for m in make_task(rng.choice(KINDS), rng).messages:
            yield m["content"] if isinstance(m["content"], str) else m["content"][-1]["text"]


def train(directory: Path) -> None:
    """Write vocab.json and merges.txt."""
    t = _plain(models.BPE())
    t.train_from_iterator(_corpus(), trainers.BpeTrainer(
        vocab_size=BASE, initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False))
    if t.get_vocab_size() != BASE:
        raise SystemExit(f"the corpus gives only {t.get_vocab_size()} entries; lower BASE")
    directory.mkdir(parents=True, exist_ok=True)
    t.model.save(str(directory))


def load(directory: Path) -> Tokenizer:
    t = _plain(models.BPE.from_file(str(directory / "vocab.json"), str(directory / "merges.txt")))
    return t


class Prompts:
    """Conversation → token ids, piece by piece (control tokens are never parsed out of text)."""

    def __init__(self, directory: Path, tokens_per_tile: int):
        self.bpe, self.per_tile, self.seen = load(directory), tokens_per_tile, {}

    def text(self, piece: str, spelled: bool = False) -> list[int]:
        """`<think>` and `</think>` are tokens of their own wherever they stand, unless they are to be spelled out."""
        if (piece, spelled) not in self.seen:
            if len(self.seen) > 50_000:
                self.seen.clear()
            parts = [piece] if spelled else piece.replace("<think>", "\0<think>\0").replace("</think>", "\0</think>\0").split("\0")
            self.seen[piece, spelled] = [i for n, part in enumerate(parts)
                                         for i in ([ADDED[part]] if n % 2 else self.bpe.encode(part).ids)]
        return self.seen[piece, spelled]

    def prefix(self) -> list[int]:
        """What every conversation without a system message of its own begins with."""
        start, end = ADDED["<|im_start|>"], ADDED["<|im_end|>"]
        return [start] + self.text("system\n") + self.text(DEFAULT_SYSTEM) + [end, start] + self.text("user\n")

    def encode(self, messages, tiles: int, opening: str = "", spelled: bool = False) -> tuple[list[int], list[bool]]:
        """Ids of the whole conversation and, for each, whether it is to be learnt (answers and their end).

        `spelled`: the think tags in a user's text as plain text, as a server may treat what a user typed."""
        if messages[0]["role"] != "system":
            messages = [{"role": "system", "content": DEFAULT_SYSTEM}, *messages]
        start, end = ADDED["<|im_start|>"], ADDED["<|im_end|>"]
        ids, learn = [], []
        for i, m in enumerate(messages):
            head, body, newline = [start] + self.text(m["role"] + "\n"), [], ""
            target = m["role"] == "assistant"
            for part in [{"type": "text", "text": m["content"]}] if isinstance(m["content"], str) else m["content"]:
                if part["type"] == "image":
                    body += [ADDED["<img>"]] + [ADDED["<IMG_CONTEXT>"]] * (self.per_tile * tiles) + [ADDED["</img>"]]
                    newline = "\n"
                else:
                    body += self.text(newline + part["text"], spelled and not target)
            if target and i == len(messages) - 1:
                head = head + self.text(opening) if opening else head
            ids += head + body + [end]
            learn += [False] * len(head) + [target] * (len(body) + 1)
        return ids, learn


def write_files(directory: Path) -> None:
    """The small tokenizer files beside vocab.json and merges.txt."""
    def entry(token, special):
        return {"content": token, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": special}
    config = {
        "add_bos_token": False, "add_prefix_space": False,
        "added_tokens_decoder": {str(i): entry(t, t not in ORDINARY) for t, i in ADDED.items()},
        "additional_special_tokens": CONTROL[1:], "bos_token": None, "clean_up_tokenization_spaces": False,
        "eos_token": "<|im_end|>", "errors": "replace", "model_max_length": 131072, "pad_token": "<|endoftext|>",
        "split_special_tokens": False, "tokenizer_class": "Qwen2Tokenizer", "unk_token": None,
    }
    role = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    special = {"additional_special_tokens": CONTROL[1:], "eos_token": {"content": "<|im_end|>", **role},
               "pad_token": {"content": "<|endoftext|>", **role}}
    for name, value in [("tokenizer_config.json", config), ("special_tokens_map.json", special), ("added_tokens.json", ADDED)]:
        (directory / name).write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n")
