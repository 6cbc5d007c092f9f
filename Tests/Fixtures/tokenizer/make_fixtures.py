#!/usr/bin/env python3
"""Writes the tokenizer fixtures: nasty texts and id sequences with what Hugging Face `tokenizers` makes of them.

    pip install tokenizers==0.23.3 transformers==5.23.0
    python3 Tests/Fixtures/tokenizer/make_fixtures.py

tokenizer.json   the vocabulary of ../mini-bf16 in the one-file layout, as the library saves it
texts.jsonl      {"text", "plain": ids without added tokens, "special": ids with them, "decoded"}
ids.jsonl        {"ids", "decoded", "decoded_skip_special"}: arbitrary ids, so mostly broken UTF-8
"""
import json
import pathlib
import random

from tokenizers import Tokenizer
from transformers import AutoTokenizer

HERE = pathlib.Path(__file__).resolve().parent
CHOSEN = [
    "", " ", "  ", "\n", "\r\n", " \n \n x", "\t\t x", "a  b", "a \u00a0 b", "\u3000\u3000x", "x\u2028y \u2029 z",
    "\u0085\u0085a", "I'll we've DON'T can't it's 'S 'lL 'Re 'VE 'x '", "'\u017f '\u017fa \u017f", "''s ''ll",
    "'s's's", "it\u2019s", "!!abc", " !abc", "!\n\r\nabc", "...\n\n\n ...", "_a-b_c", "1234567890",
    "1a2b\u00bd\u2167\u0663\uff13", "x\u00b2+y\u00b2", "e\u0301", "e\u0323\u0302 e\u0302\u0323",
    "A\u030a \u212b \u212a \u2126", "\u0958 \u0915\u093c", "\u0344 \u0308\u0301", "\u1100\u1161\u11a8 \uac00\u11a8",
    "\u0301abc", " \u0301abc", "\u0345\u0301\u0316", "\u1e9b\u0323", "\ufa0e \uf900 \U0002f800",
    "\U00011935\U00011930", "\u0c46\u0c56 \u0dd9\u0dcf\u0dca", "<think\u0338> >\u0338 <|im_end|\u0338>",
    "\u09c7\u09be \u0b47\u0b57 \u1025\u102e", "\U0001d15e\U0001d16e", "\u05d0\u05bc\u05c1 \ufb49\u05c1",
    "<|im_end|>", "<|im_start|>user\nhi<|im_end|>", "<think>\n\n</think>\n\n", "<img></img><IMG_CONTEXT>",
    "<<think>>", "<|im_end|><|im_end|>", "<img>\n", "a<img>b", " <think> ", "<|im_end|", "</img>\ndescribe",
    "<IMG_CONTEXT", "<ref>x</ref><box>1,2</box>",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "\u0000\u0001\u007f\u0080\u00ad", "\ufeffx\u200b\u200d",
    "\U00010940 \U0001e6e3 \u0897 \u1ae0 \U00011de0 \ua7f1", "\U000105c0\U00010d4a\U00010d62",
    "\uffff\ue000\U0010ffff", "\u0e19\u0e49\u0e33 \u0e33", "\u0928\u092e\u0938\u094d\u0924\u0947",
    "\u4e2d\u56fd\u7684\u9996\u90fd\u662f\u54ea\u91cc?", "\ud55c\uad6d\uc5b4 \u65e5\u672c\u8a9e", "a" * 300,
    " " * 300, "\u0301" * 200, "\u0301\u0316" * 100, "the " * 60, "ab" * 100 + "\n" * 50, "=" * 97 + " " * 97 + "x",
]
BLOCKS = [(0x20, 0x7E)] * 5 + [
    (0, 0x1F), (0x7F, 0x24F), (0x300, 0x36F), (0x370, 0x52F), (0x590, 0x6FF), (0x700, 0x8FF), (0x900, 0xDFF),
    (0xE00, 0xFFF),
    (0x1000, 0x11FF), (0x1200, 0x1AFF), (0x1B00, 0x1DFF), (0x1E00, 0x206F), (0x2070, 0x2FFF), (0x3000, 0x33FF),
    (0x4E00, 0x9FFF),
    (0xA000, 0xABFF), (0xAC00, 0xD7A3), (0xE000, 0xFAFF), (0xFB00, 0xFFFF), (0x10000, 0x11FFF), (0x12000, 0x1CFFF),
    (0x1D000, 0x1EFFF), (0x1F000, 0x1FAFF), (0x20000, 0x323AF), (0xE0000, 0xE01FF), (0, 0x10FFFF),
]
PARTS = [
    "the", " The", "'s", "'LL", "'\u017f", "\n", "\r\n", "\r", " \n", "\t", "  ", "\u00a0", "\u3000",
    "\u2028", "e\u0301",
    "a\u0302\u0323", "1", "\u00bd",
]


def random_text(source, added):
    text = ""
    for _ in range(source.choice([2, 3, 5, 8, 13])):
        choice = source.random()
        if choice < 0.4:
            text += source.choice(PARTS)
        elif choice < 0.5:
            text += source.choice(added)
        else:
            first, last = source.choice(BLOCKS)
            scalars = (source.randint(first, last) for _ in range(source.choice([1, 2, 4])))
            text += "".join(chr(c) for c in scalars if not 0xD800 <= c <= 0xDFFF)
    return text


def main():
    source = random.Random(20250916)
    tokenizer = AutoTokenizer.from_pretrained(HERE.parent / "mini-bf16").backend_tokenizer
    tokenizer.save(str(HERE / "tokenizer.json"))
    without_added = json.loads(tokenizer.to_str()) | {"added_tokens": []}
    plain = Tokenizer.from_str(json.dumps(without_added))
    added = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    with open(HERE / "texts.jsonl", "w") as file:
        for text in CHOSEN + [random_text(source, added) for _ in range(300)]:
            special = tokenizer.encode(text, add_special_tokens=False).ids
            case = {"text": text, "plain": plain.encode(text, add_special_tokens=False).ids, "special": special}
            file.write(json.dumps(case | {"decoded": tokenizer.decode(special, skip_special_tokens=False)}) + "\n")
    with open(HERE / "ids.jsonl", "w") as file:
        for _ in range(200):
            # The first 256 ids are the bytes; ids beyond the vocabulary decode to nothing.
            highest = source.choice([255, 255, 300, tokenizer.get_vocab_size() + 9])
            ids = [source.randint(0, highest) for _ in range(source.choice([1, 2, 3, 5, 8, 20]))]
            case = {"ids": ids, "decoded": tokenizer.decode(ids, skip_special_tokens=False)}
            file.write(json.dumps(case | {"decoded_skip_special": tokenizer.decode(ids)}) + "\n")


main()
