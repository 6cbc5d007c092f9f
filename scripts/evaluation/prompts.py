"""Questions as they are sent: the conversation, and the settings by which published evaluations ask (docs/EVALUATION.md)."""
from __future__ import annotations

import base64
import io
import re
import sys
from pathlib import Path

import scoring

SHORT = "Answer the question using a single word or phrase."
LETTER = "Answer with the option's letter from the given choices directly."
LETTER_ZH = "请直接回答选项字母。"
YES_NO = "Please answer yes or no."
MARK = re.compile(r"<image(?:[ _-]?\d+)?>\s?")

# By a data set's name, longest first: tiles at most, how it asks, and how it is judged.
TILES = [(12, ["ChartQA", "MMMU", "MME-RealWorld", "VCR", "OCRVQA"]),
         (18, ["DocVQA", "DUDE", "MMLongBench", "SlideVQA"]),
         (24, ["InfoVQA", "OCRBench", "HRBench"]),
         (1, ["Video", "MVBench"])]
STYLES = [("yesno", ["MME", "POPE", "HallusionBench", "AMBER"]),
          ("short", ["OCRVQA", "TextVQA", "ChartQA", "DocVQA", "InfoVQA", "OCRBench", "GQA"]),
          ("plain", ["MathVista", "MathVision", "MathVerse", "DynaMath", "WeMath", "LogicVista"])]
SCORES = [("relaxed", ["ChartQA"]), ("anls", ["DocVQA", "InfoVQA"]), ("contains", ["OCRBench"]),
          ("text", ["TextVQA", "OCRVQA", "GQA"]), ("yesno", ["POPE", "HallusionBench", "AMBER"])]
DROPS_FULL_STOP = ["ChartQA", "OCRVQA"]
ENLARGED = ["MMMU"]


def lookup(table, name: str, standard):
    """The entry whose longest name begins the data set's, written in any case and with - or _."""
    clean = lambda text: re.sub(r"[-_ ]", "", text).lower()
    best = max(((len(clean(n)), value) for value, names in table for n in names if clean(name).startswith(clean(n))),
               key=lambda pair: pair[0], default=(0, standard))
    return best[1]


def tile_limit(dataset: str, pictures: int, own: int | None = None) -> int:
    """Tiles of each picture at most; several share 64."""
    limit = own or lookup(TILES, dataset, 10)
    return limit if pictures <= 1 else max(1, min(limit, 64 // pictures))


def published_text(question: dict, dataset: str) -> str:
    """The question as published evaluations write it."""
    text = MARK.sub("", str(question["question"])).strip()
    given = scoring.options(question)
    style = question.get("style") or lookup(STYLES, dataset, "choice" if given else "short")
    if style == "choice" or given and style != "plain":
        hint = str(question.get("hint") or "").strip()
        lines = ([hint] if hint else []) + [text] + [f"{key}. {value}" for key, value in given.items()]
        chinese = re.search("[\u4e00-\u9fff]", text) is not None
        return "\n".join(lines + [LETTER_ZH if chinese else LETTER])
    if style == "yesno":
        return f"{text} {YES_NO} {SHORT}"
    return f"{text}\n{SHORT}" if style == "short" else text


def plain_text(question: dict) -> str:
    """The question alone, with its options a line each."""
    given = {} if question.get("style") == "plain" else scoring.options(question)
    lines = [str(question["question"])] + [f"{key}. {value}" for key, value in given.items()]
    return "\n".join(lines + ([LETTER] if given else []))


def pictures(question: dict) -> list:
    """A question's pictures: names of files, or bytes."""
    given = question.get("pictures", question.get("picture", question.get("images", question.get("image"))))
    return [] if given in (None, "") else list(given) if isinstance(given, (list, tuple)) else [given]


def data_url(picture, directory: Path, enlarge: bool = False) -> str:
    data = picture if isinstance(picture, bytes) else (directory / picture).read_bytes()
    if enlarge:
        data = enlarged(data)
    return "data:;base64," + base64.b64encode(data).decode()


def enlarged(data: bytes) -> bytes:
    """Twice as large in each direction, bilinear, as RGB."""
    try:
        from PIL import Image
    except ImportError:
        sys.exit("evaluate: MMMU's first picture is enlarged before it is sent, which needs Pillow: "
                 "apt-get install python3-pil, or pip install pillow; or leave --published out")
    image = Image.open(io.BytesIO(data)).convert("RGB")
    out = io.BytesIO()
    image.resize((image.width * 2, image.height * 2), Image.BILINEAR).save(out, "PNG")
    return out.getvalue()


def image_part(url: str) -> dict: return {"type": "image_url", "image_url": {"url": url}}


def messages(question: dict, directory: Path, dataset: str = "", published: bool = False) -> list[dict]:
    """The conversation: the question's own `messages`, or its pictures and then its text."""
    if "messages" in question:
        return [{**m, "content": [part(p, directory) for p in m["content"]] if isinstance(m["content"], list)
                 else m["content"]} for m in question["messages"]]
    found = pictures(question)
    enlarge = published and lookup([(True, ENLARGED)], dataset, False)
    urls = [data_url(p, directory, enlarge and index == 0) for index, p in enumerate(found)]
    text = {"type": "text", "text": published_text(question, dataset) if published else plain_text(question)}
    parts = [image_part(url) for url in urls]
    if published and len(parts) > 1:
        # The line end behind each picture is the template's.
        parts = [p for n, part in enumerate(parts, 1) for p in ({"type": "text", "text": f"Image-{n}: "}, part)]
    system = [{"role": "system", "content": question["system"]}] if question.get("system") else []
    return system + [{"role": "user", "content": parts + [text] if parts else text["text"]}]


def part(given: dict, directory: Path) -> dict:
    """A part of a conversation in a file: its picture is read, by any name that files give it."""
    if given.get("type") not in ("image", "image_url"):
        return given
    name = given.get("image") or given.get("path")
    if name is None:
        url = given.get("image_url", given.get("data"))
        url = url["url"] if isinstance(url, dict) else url
        return image_part(url if url.startswith("data:") else "data:;base64," + url)
    return image_part(data_url(name, directory))


def body(question: dict, directory: Path, settings) -> dict:
    """The whole request."""
    dataset = question.get("dataset") or settings.dataset or ""
    count = len(pictures(question))
    request = {"messages": messages(question, directory, dataset, settings.published), "temperature": 0}
    think = settings.think or question.get("think")
    limit = settings.max_tokens or question.get("max_tokens")
    if settings.published:
        request |= {"max_tiles": tile_limit(dataset, count, settings.max_tiles), "rgb_first": True}
        if count == 1:
            request["tiling"] = "msac"
        limit = limit or (4096 if think == "on" else 1024)
    elif settings.max_tiles:
        request["max_tiles"] = settings.max_tiles
    if settings.tiling:
        request["tiling"] = settings.tiling
    if settings.rgb_first:
        request["rgb_first"] = True
    if settings.orient:
        request["orient"] = True
    if think:
        request["think"] = think
    if limit:
        request["max_tokens"] = limit
    if settings.model:
        request["model"] = settings.model
    return request


def cleaned(text: str | None, dataset: str) -> str | None:
    """An answer without its last full stop, where the data set's evaluation drops it."""
    if text is not None and lookup([(True, DROPS_FULL_STOP)], dataset, False):
        return text.rstrip().removesuffix(".")
    return text
