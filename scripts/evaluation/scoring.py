"""Is an answer right? Each rule is a function of the answer's text and what was expected; and how sure a share is."""
from __future__ import annotations

import math
import re
import unicodedata
from fractions import Fraction

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
QUOTES = "\"'“”‘’` "
Z95 = 1.959963984540054


def wilson(good: int, count: int, z: float = Z95) -> tuple[float, float]:
    """Wilson's interval for a share; by default 95 percent of such intervals hold the true one."""
    if count == 0:
        return 0.0, 1.0
    share, square = good / count, z * z
    centre = (share + square / (2 * count)) / (1 + square / count)
    half = z * math.sqrt(share * (1 - share) / count + square / (4 * count * count)) / (1 + square / count)
    return (0.0 if good == 0 else max(0.0, centre - half)), (1.0 if good == count else min(1.0, centre + half))


# ---------------------------------------------------------------- what an answer says

def boxed(text: str) -> str | None:
    r"""The content of the last \boxed{…}, its braces matched; None if there is none that is closed."""
    at = len(text)
    while (at := text.rfind("\\boxed{", 0, at)) >= 0:
        depth, start = 1, at + 7
        for index in range(start, len(text)):
            if text[index - 1] == "\\" and text[index] in "{}":
                continue
            depth += {"{": 1, "}": -1}.get(text[index], 0)
            if depth == 0:
                return text[start:index]
    return None


def final(text: str) -> str:
    """What stands in the last box, or the whole answer."""
    inside = boxed(text)
    return (text if inside is None else inside).strip()


def plain(text: str) -> str:
    """Letter case, kinds of blanks, outer quotes and a last full stop taken away."""
    text = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return text.strip(QUOTES).removesuffix(".").removesuffix("。").strip(QUOTES)


NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:[eE][-+]?\d+)?|[-+]?\.\d+")


def number(text: str) -> Fraction | None:
    """The number that a text is, or else the last one in it: 1,200; 3/4; \\frac{3}{4}; 12.5 %; −7."""
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("\\,", "").replace("\\!", "")
    text = re.sub(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}", r"(\1)/(\2)", text)
    ratio = list(re.finditer(r"(-?)\(?\s*([-+]?[\d.,]+)\s*\)?\s*/\s*\(?\s*([-+]?[\d.,]+)", text))
    found = list(NUMBER.finditer(text))
    if ratio and (not found or ratio[-1].end() >= found[-1].end()):
        above, below = (number(part.strip(".,")) for part in ratio[-1].groups()[1:])
        if above is not None and below:
            return (-above if ratio[-1][1] else above) / below
    if not found:
        return None
    try:
        return Fraction(found[-1].group().replace(",", ""))
    except ValueError:
        return None


def letter(text: str, options: dict[str, str]) -> str | None:
    """Which option an answer takes: its letter, however it is written, or the option's own words."""
    text = final(text).strip()
    letters = "".join(options)
    if not letters:
        return None
    text = re.sub(r"\\(?:text|mathrm|mathbf)\{([^{}]*)\}", r"\1", text).replace("*", "")
    if text in options:
        return text
    same = [key for key, value in options.items() if plain(value) == plain(text)]
    if len(same) == 1:
        return same[0]
    patterns = [
        rf"^[(\[]?([{letters}])[)\]]?\s*(?:[.:,)、。]|$)",
        rf"^[(\[]?([{letters.lower()}])[)\]]?\.?$",
        rf"(?:answer|option|choice|答案)\s*(?:is|:|为|是|选)*\s*[(\[]?([{letters}])\b",
        rf"[(\[]([{letters}])[)\]]",
    ]
    for pattern, flags in zip(patterns, (0, 0, re.IGNORECASE, 0)):
        found = re.findall(pattern, text, flags)
        if found:
            return found[-1].upper()
    alone = set(re.findall(rf"(?<![A-Za-z'’])([{letters}])(?![A-Za-z'’])", text))
    # "A" may be an article; alone in a sentence it is no choice.
    if len(text.split()) > 1:
        alone.discard("A")
    if len(alone) == 1:
        return alone.pop()
    inside = [key for key, value in options.items()
              if plain(value) and re.search(rf"(?<!\w){re.escape(plain(value))}(?!\w)", plain(text))]
    return inside[0] if len(inside) == 1 else None


def options(question: dict) -> dict[str, str]:
    """A question's options by letter, from a list or an object."""
    given = question.get("options") or {}
    return dict(zip(LETTERS, map(str, given))) if isinstance(given, list) else {k.upper(): str(v) for k, v in given.items()}


# ---------------------------------------------------------------- rules

def exact(text, wanted, question): return text.strip() == wanted.strip()


def text(said, wanted, question): return plain(final(said)) == plain(wanted)


def contains(said, wanted, question): return "".join(plain(wanted).split()) in "".join(plain(said).split())


def choice(said, wanted, question):
    given = options(question)
    right = wanted.strip().upper() if wanted.strip().upper() in given else letter(wanted, given)
    return right is not None and letter(said, given) == right


def numeric(said, wanted, question):
    """Equal, or within the question's `tolerance` (absolute), or equal to so many decimal places (`precision`)."""
    a, b = number(final(said)), number(wanted)
    if a is None or b is None:
        return False
    if question.get("precision") is not None:
        half = Fraction(1, 2) / Fraction(10) ** int(question["precision"])
        return abs(a - b) <= half
    return abs(a - b) <= Fraction(str(question.get("tolerance", 0)))


def relaxed(said, wanted, question):
    """ChartQA's: numbers within 5 percent, texts as they are."""
    a, b = number(final(said)), number(wanted)
    if b is not None and NUMBER.fullmatch(plain(wanted).rstrip("% ")):
        return a is not None and (a == b if b == 0 else abs(a - b) <= abs(b) / 20)
    return text(said, wanted, question)


def box(said, wanted, question):
    """What stands in the box is the text or the number that was expected; without a box nothing is right."""
    inside = boxed(said)
    if inside is None:
        return False
    target = boxed(wanted) or wanted
    strip = lambda t: re.sub(r"\\(?:text|mathrm|left|right|,|!|;|\s)|[\s${}]", "", plain(t))
    if strip(inside) == strip(target):
        return True
    whole = lambda t: re.fullmatch(r"[-+−\d.,/\s%${}\\fracdt]+", t.strip()) is not None
    a, b = number(inside), number(target)
    return whole(inside) and whole(target) and a is not None and a == b


def yes_no(said, wanted, question):
    first = re.findall(r"\b(yes|no|true|false)\b", plain(final(said)))
    right = {"true": "yes", "false": "no"}
    return bool(first) and right.get(first[0], first[0]) == right.get(plain(wanted), plain(wanted))


def anls(said, wanted, question):
    """Normalised Levenshtein similarity, nothing below one half: a number from 0 to 1."""
    a, b = plain(final(said)), plain(wanted)
    if not a or not b:
        return float(a == b)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (x != y))
    share = 1 - row[-1] / max(len(a), len(b))
    return share if share >= 0.5 else 0.0


RULES = {"exact": exact, "text": text, "contains": contains, "choice": choice, "number": numeric, "relaxed": relaxed,
         "boxed": box, "yesno": yes_no, "anls": anls}


def rule(question: dict, standard: str) -> str:
    """The rule by which a question is judged: its own, the one asked for, or by what is expected."""
    if question.get("score"):
        return question["score"]
    if standard != "auto":
        return standard
    if question.get("options"):
        return "choice"
    wanted = str(answers(question)[0])
    if boxed(wanted) is not None:
        return "boxed"
    if NUMBER.fullmatch(wanted.strip()):
        return "number"
    return "yesno" if plain(wanted) in ("yes", "no") else "text"


def answers(question: dict) -> list[str]:
    given = question["answer"] if "answer" in question else question.get("expected", "")
    return [str(a) for a in given] if isinstance(given, list) else [str(given)]


def score(said: str | None, question: dict, standard: str = "auto") -> float:
    """1 for a right answer and 0 for a wrong one or none; anything between only by `anls`."""
    if said is None:
        return 0.0
    judge = RULES[rule(question, standard)]
    return max(float(judge(said, wanted, question)) for wanted in answers(question))
