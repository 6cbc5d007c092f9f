"""Writes cuts/: pictures with EXIF orientations, and what Pillow makes of files under every option of cutting them.

    python make_cuts.py          needs Pillow (13.0.0 wrote the committed files)

cuts/expected.json: of each file, for side, max_tiles, orient, rgb_first and tiling, the size after turning, the grids
and the digests of the tiles. Everything is seeded: a second run writes the same bytes.
"""
import hashlib
import json
import math
import struct
import warnings
import zlib
from pathlib import Path

from PIL import Image, ImageOps

HERE = Path(__file__).parent
OUT = HERE / "cuts"
EXPECTED: list[dict] = []


# ---------------------------------------------------------------- EXIF blocks

def exif(orientation, order="<", kind=3, count=1, more=(), marked=False):
    """A block with one directory: the orientation behind `more` entries, as a short (3), a long (4) or another type."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entries = [struct.pack(order + "HHL", tag, 3, 1) + struct.pack(order + "HH", value, 0) for tag, value in more]
    size = {1: "B", 3: "H", 4: "L", 9: "l"}[kind]
    values = struct.pack(f"{order}{count}{size}", orientation, *[1] * (count - 1))
    directory_end = 8 + 2 + 12 * (len(entries) + 1) + 4
    tail = b""
    if len(values) > 4:
        values, tail = struct.pack(order + "L", directory_end), values
    entries.append(struct.pack(order + "HHL", 0x0112, kind, count) + values.ljust(4, b"\0"))
    block = mark + struct.pack(order + "L", 8) + struct.pack(order + "H", len(entries)) + b"".join(entries)
    return (b"Exif\0\0" if marked else b"") + block + struct.pack(order + "L", 0) + tail


# ---------------------------------------------------------------- files

def picture(width=61, height=38):
    """Not the same when turned in any way, and smooth, so that JPEG leaves it alone."""
    image = Image.new("RGB", (width, height))
    image.putdata([(255 * x // width, 255 * y // height, (3 * x + 5 * y) % 256)
                   for y in range(height) for x in range(width)])
    return image


def png_with(block, after=False, mode="RGB"):
    """A PNG whose eXIf chunk stands before or after the picture's data."""
    image = picture().convert(mode)
    width, height = image.size
    pixel = len(image.getbands())
    data = image.tobytes()
    lines = b"".join(b"\0" + data[y * width * pixel:(y + 1) * width * pixel] for y in range(height))
    colour = {"RGB": 2, "L": 0, "RGBA": 6, "LA": 4}[mode]
    chunks = [(b"IDAT", zlib.compress(lines, 9)), (b"eXIf", block)]
    chunks = [(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, colour, 0, 0, 0))]\
        + (chunks if after else chunks[::-1]) + [(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(body)) + name + body + struct.pack(">L", zlib.crc32(name + body)) for name, body in chunks)


def jpeg_with(*segments):
    """A JPEG with these APP1 segments behind its first marker."""
    from io import BytesIO
    buffer = BytesIO()
    picture().save(buffer, "JPEG", quality=90, subsampling=0)
    data = buffer.getvalue()
    inserted = b"".join(b"\xff\xe1" + struct.pack(">H", len(s) + 2) + s for s in segments)
    return data[:2] + inserted + data[2:]


def webp_with(block, flagged=True):
    from io import BytesIO
    buffer = BytesIO()
    picture().save(buffer, "WEBP", lossless=True, exif=block)
    data = bytearray(buffer.getvalue())
    if not flagged:
        data[20] &= ~8
    return bytes(data)


def files():
    mark = b"Exif\0\0"
    for n in range(1, 9):
        order = "<>"[n % 2]
        yield f"turned{n}.jpg", jpeg_with(mark + exif(n, order))
        yield f"turned{n}.png", png_with(exif(n, order))
        yield f"turned{n}.webp", webp_with(exif(n, order))
    yield "zero.jpg", jpeg_with(mark + exif(0))
    yield "nine.jpg", jpeg_with(mark + exif(9))
    yield "long.jpg", jpeg_with(mark + exif(6, kind=4))
    yield "several.jpg", jpeg_with(mark + exif(8, count=4))
    yield "behind.jpg", jpeg_with(mark + exif(5, more=[(0x0100, 61), (0x0101, 38)]))
    yield "twice.jpg", jpeg_with(mark + exif(3), mark + exif(6))
    yield "split.jpg", jpeg_with(mark + exif(7)[:17], mark + exif(7)[17:])
    yield "other-app1.jpg", jpeg_with(b"http://ns.adobe.com/xap/1.0/\0<x/>", mark + exif(6))
    yield "none.jpg", jpeg_with()
    yield "after.png", png_with(exif(6), after=True)
    yield "marked.png", png_with(exif(6, marked=True))
    yield "grey.png", png_with(exif(5), mode="L")
    yield "greyalpha.png", png_with(exif(7), mode="LA")
    yield "alpha.png", png_with(exif(8), mode="RGBA")
    yield "unflagged.webp", webp_with(exif(6), flagged=False)


# ---------------------------------------------------------------- what the publishers' evaluation computes

def grids(max_tiles):
    return [(c, area // c) for area in range(1, max_tiles + 1) for c in range(1, area + 1) if area % c == 0]


def closest(candidates, width, height, side):
    best, best_diff = None, math.inf
    for c, r in candidates:
        diff = abs(width / height - c / r)
        if diff < best_diff or (diff == best_diff and width * height > 0.5 * side * side * c * r):
            best_diff, best = diff, (c, r)
    return best


def cut(image, grid, side):
    columns, rows = grid
    sheet = image.resize((columns * side, rows * side))
    return [sheet.crop((x * side, y * side, (x + 1) * side, (y + 1) * side)) for y in range(rows) for x in range(columns)]


def tiles(image, side, max_tiles, tiling):
    first = closest(grids(max_tiles), *image.size, side)
    found = cut(image, first, side)
    if len(found) > 1:
        found.append(image.resize((side, side)))
    second = None
    if tiling == "msac":
        second = closest([g for g in grids(max_tiles) if first[0] % g[0] or first[1] % g[1]], *image.size, side)
        if second:
            found = found[:-1] + cut(image, second, side) + found[-1:]
        found = [tile.resize((side, side)) for tile in found]
    return first, second, found


def expect(path, side, max_tiles, orient=False, rgb_first=False, tiling="default"):
    image = Image.open(HERE / path)
    if orient:
        image = ImageOps.exif_transpose(image)
    if rgb_first:
        image = image.convert("RGB")
    first, second, found = tiles(image, side, max_tiles, tiling)
    EXPECTED.append({
        "file": path, "side": side, "max_tiles": max_tiles, "orient": orient, "rgb_first": rgb_first, "tiling": tiling,
        "size": list(image.size), "grid": list(first), "second": list(second) if second else None,
        "rgb_sha256": [hashlib.sha256(t.convert("RGB").tobytes()).hexdigest() for t in found]})


def main():
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    for name, data in files():
        (OUT / name).write_bytes(data)
        expect(f"cuts/{name}", 16, 6, orient=True)
    for name in ["turned6.jpg", "turned5.png", "alpha.png", "rotated_exif.jpg"]:
        path = name if name == "rotated_exif.jpg" else f"cuts/{name}"
        expect(path, 28, 12)
        expect(path, 28, 12, orient=True, rgb_first=True, tiling="msac")
    every = sorted(p.name for p in HERE.iterdir() if p.suffix in (".png", ".jpg"))
    for name in every:
        expect(name, 56, 10, rgb_first=True)
        for max_tiles in (1, 2, 10, 12, 18, 24):
            expect(name, 28, max_tiles, rgb_first=True, tiling="msac")
        expect(name, 28, 10, tiling="msac")
    for path in sorted((HERE / "more").iterdir()):
        if path.suffix in (".png", ".jpg", ".webp"):
            expect(f"more/{path.name}", 33, 4, rgb_first=True)
    (OUT / "expected.json").write_text(
        "[\n" + ",\n".join(json.dumps(e, separators=(",", ":")) for e in EXPECTED) + "\n]\n")
    print(len(EXPECTED), "cuts of", len({e["file"] for e in EXPECTED}), "files")


main()
