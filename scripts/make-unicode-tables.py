#!/usr/bin/env python3
"""Writes Sources/Substrate/Tokenization/Unicode/UnicodeTables+*.swift: letters, numbers and NFC as Hugging Face has them.

The tables are probed from the library itself, whose regex engine and normaliser each carry a Unicode version of their
own, neither of them the one of Swift's standard library. Needs `pip install tokenizers==0.23.3`; takes a minute.
"""
import pathlib
import textwrap
import unicodedata

from tokenizers import Regex, normalizers, pre_tokenizers

OUT = pathlib.Path(__file__).resolve().parent.parent / "Sources/Substrate/Tokenization/Unicode"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
HANGUL = range(0xAC00, 0xD7A4)
nfc, nfd = normalizers.NFC().normalize_str, normalizers.NFD().normalize_str


def ranges(members):
    """"41-5a 61-7a aa": inclusive hexadecimal ranges."""
    found = []
    for c in sorted(members):
        if found and found[-1][1] == c - 1:
            found[-1][1] = c
        else:
            found.append([c, c])
    return " ".join(f"{a:x}" if a == b else f"{a:x}-{b:x}" for a, b in found)


def regex_members(pattern):
    """The scalars that one regex class matches: a match between two control characters is a piece of its own."""
    split = pre_tokenizers.Split(Regex(pattern), behavior="isolated").pre_tokenize_str
    return {c for c in SCALARS if len(split(f"\x01{chr(c)}\x01")) == 3}


def combining_classes(decomposing):
    """{class: scalars}, of those that the normaliser really reorders (it does not know the newest marks)."""
    classes = {}
    for c in SCALARS:
        k, mark = unicodedata.combining(chr(c)), chr(c)
        low, high = f"a{mark}\u0334", f"a\u0345{mark}"
        if k and c not in decomposing and (nfd(low) != low or nfd(high) != high or mark in "\u0334\u0345"):
            classes.setdefault(k, set()).add(c)
        elif k and c in decomposing:
            classes.setdefault(k, set()).add(c)
    return classes


def decompositions():
    """{scalar: [one or two scalars]}: single steps of canonical decomposition, without Hangul."""
    steps = {}
    for c in SCALARS:
        mapping = unicodedata.decomposition(chr(c))
        if c not in HANGUL and mapping and not mapping.startswith("<") and nfd(chr(c)) != chr(c):
            steps[c] = [int(x, 16) for x in mapping.split()]
    return steps


def pair(c):
    return "+".join(f"{x:x}" for x in steps[c])


def literal(name, summary, text):
    lines = textwrap.wrap(text, 108, break_on_hyphens=False)
    body = " \\\n".join(f"        {line}" for line in lines)
    return f'    /// {summary}\n    static let {name} = """\n{body}\n        """\n'


def write(file, literals):
    head = "// Made by scripts/make-unicode-tables.py from Hugging Face tokenizers 0.23.3; not to be edited.\n\n"
    (OUT / f"UnicodeTables+{file}.swift").write_text(head + "extension UnicodeTables {\n" + "\n".join(literals) + "}\n")


steps = decompositions()
composing = {c for c, d in steps.items() if len(d) == 2 and nfc("".join(map(chr, d))) == chr(c)}
write("Classes", [
    literal("letters", "Scalars of `\\p{L}`, as inclusive hexadecimal ranges.", ranges(regex_members(r"\p{L}"))),
    literal("numbers", "Scalars of `\\p{N}`.", ranges(regex_members(r"\p{N}"))),
    literal("spaces", "Scalars of `\\s`.", ranges(regex_members(r"\s"))),
])
write("CombiningClasses", [
    literal("combiningClasses", "Canonical combining classes: `class:` and then the ranges that have it.",
            " ".join(f"{k}: {ranges(members)}" for k, members in sorted(combining_classes(steps).items()))),
])
write("Compositions", [
    literal("compositions", "Canonical pairs that NFC joins: `joined=first+second`.",
            " ".join(f"{c:x}={pair(c)}" for c in sorted(composing))),
])
write("Decompositions", [
    literal("decompositions", "Decompositions that NFC does not join again: `scalar=first` or `scalar=first+second`.",
            " ".join(f"{c:x}={pair(c)}" for c in sorted(steps) if c not in composing)),
])
