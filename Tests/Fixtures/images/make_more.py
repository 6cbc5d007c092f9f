"""Writes more/: small files of every kind of JPEG, PNG and WebP, and what Pillow makes of them (expected.json).

    python make_more.py          needs Pillow (13.0.0 wrote the committed files), numpy, a C compiler and libjpeg

The order of the two passes of a resize changed with Pillow 13: an earlier version gives other bits for some files.
expected.json has the keys of ../expected.json. PNG files are put together here, because Pillow writes few of the kinds
that it reads; unusual JPEG files come from make_jpeg.c. Everything is seeded: a second run writes the same bytes.
"""
import hashlib
import io
import json
import math
import struct
import subprocess
import tempfile
import warnings
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, features

HERE = Path(__file__).parent
OUT = HERE / "more"
EXPECTED: list[dict] = []
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


# ---------------------------------------------------------------- what the reference computes

def tile_grid(width, height, side, max_tiles):
    best, best_diff = (1, 1), math.inf
    for area in range(1, max_tiles + 1):
        for c in range(1, area + 1):
            if area % c:
                continue
            diff = abs(width / height - c / (area // c))
            if diff < best_diff or (diff == best_diff and width * height > 0.5 * side * side * area):
                best_diff, best = diff, (c, area // c)
    return best


def expect(name, *settings):
    """Notes what Pillow makes of a file at each (side, max_tiles)."""
    for side, max_tiles in settings or [(33, 4)]:
        image = Image.open(OUT / name)
        mode, size = image.mode, image.size
        columns, rows = tile_grid(*size, side, max_tiles)
        sheet = image.resize((columns * side, rows * side))
        boxes = [(x * side, y * side, (x + 1) * side, (y + 1) * side) for y in range(rows) for x in range(columns)]
        tiles = [sheet.crop(box) for box in boxes]
        if len(tiles) != 1:
            tiles.append(image.resize((side, side)))
        digests = [hashlib.sha256(t.convert("RGB").tobytes()).hexdigest() for t in tiles]
        EXPECTED.append({"file": name, "size": list(size), "mode": mode, "side": side, "max_tiles": max_tiles,
                         "grid": [columns, rows], "tiles": len(tiles), "rgb_sha256": digests})


def picture(width, height, channels, seed=0, top=255, noise=0.02):
    """Smooth shapes with hard edges and some noise: neither constant nor incompressible; [height, width, channels]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = []
    for _ in range(channels):
        a, b, p = rng.uniform(0.02, 0.4, 3)
        wave = 0.5 + 0.35 * np.sin(a * x + 3 * p) * np.cos(b * y)
        edge = np.where((x * a + y * b) % 7 < 2, 1.0, wave)
        planes.append(np.where((x + 2 * y) % 23 < 3, 0.0, edge))
    noisy = np.stack(planes, -1) + rng.normal(0, noise, (height, width, channels))
    return np.clip(noisy * top, 0, top).round().astype(np.uint16)


# ---------------------------------------------------------------- PNG

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_row(row, depth):
    """[width, channels] values to the bytes of a PNG row."""
    flat = row.reshape(-1)
    if depth == 16:
        return flat.astype(">u2").tobytes()
    if depth == 8:
        return flat.astype(np.uint8).tobytes()
    bits = ((flat[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8).reshape(-1)
    return np.packbits(bits).tobytes()


def filtered(rows, bytes_per_pixel):
    """PNG rows with the filters 0…4 in turn."""
    out, previous = b"", bytes(len(rows[0])) if rows else b""
    for number, row in enumerate(rows):
        kind = number % 5
        line = bytearray([kind])
        for i, value in enumerate(row):
            a = row[i - bytes_per_pixel] if i >= bytes_per_pixel else 0
            b = previous[i]
            c = previous[i - bytes_per_pixel] if i >= bytes_per_pixel else 0
            p = a + b - c
            paeth = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line.append((value - [0, a, b, (a + b) // 2, paeth][kind]) & 255)
        out += bytes(line)
        previous = row
    return out


def png(name, pixels, depth, colour, interlaced=False, extra=b"", settings=()):
    height, width = pixels.shape[:2]
    bytes_per_pixel = max(1, depth * CHANNELS[colour] // 8)
    data = b""
    for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = pixels[y0::dy, x0::dx]
        if part.size:
            data += filtered([pack_row(row, depth) for row in part], bytes_per_pixel)
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, int(interlaced))
    body = zlib.compress(data, 9)
    # Two IDAT chunks, because readers must join them.
    idat = chunk(b"IDAT", body[: len(body) // 2]) + chunk(b"IDAT", body[len(body) // 2:])
    (OUT / name).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + idat + chunk(b"IEND", b""))
    expect(name, *settings)


def palette(entries, seed=3):
    return chunk(b"PLTE", np.random.default_rng(seed).integers(0, 256, entries * 3, dtype=np.uint8).tobytes())


def pngs():
    for colour, depths in {0: [1, 2, 4, 8, 16], 2: [8, 16], 3: [1, 2, 4, 8], 4: [8, 16], 6: [8, 16]}.items():
        for depth in depths:
            for interlaced in (False, True):
                seed = 100 * colour + depth
                pixels = picture(29, 21, CHANNELS[colour], seed, (1 << depth) - 1)
                extra = palette(1 << depth) if colour == 3 else b""
                png(f"c{colour}d{depth}{'i' if interlaced else ''}.png", pixels, depth, colour, interlaced, extra)
                if colour in (0, 2, 3) and not interlaced:
                    key = b"".join(struct.pack(">H", int(v)) for v in pixels[5, 5])
                    alphas = bytes([255, 0]) if depth == 1 else bytes([10, 200, 0])
                    png(f"c{colour}d{depth}t.png", pixels, depth, colour, False,
                        extra + chunk(b"tRNS", alphas if colour == 3 else key))
    p8 = picture(50, 31, 1, 9, 255)
    one_entry = palette(256) + chunk(b"tRNS", bytes([255] * 7 + [0]))
    png("palette-one-transparent.png", p8, 8, 3, False, one_entry)
    png("palette-short.png", picture(50, 31, 1, 9, 40), 8, 3, False, palette(20))
    # Values on both sides of 255 and steps from 0 to 65535, where the bicubic overshoots.
    steps = picture(41, 30, 1, 12, 65535)
    steps[:, ::5] = 0
    steps[::4] = 65535
    png("grey16-steps.png", steps, 16, 0)
    dark = picture(41, 30, 1, 13, 300)
    png("grey16-dark.png", dark, 16, 0)
    clear = picture(45, 30, 4, 14)
    clear[:, :15, 3] = 0
    clear[:, 30:, 3] = 255
    png("alpha-steps.png", clear, 8, 6)
    # No resize in one or both directions: Pillow then skips that pass.
    for w, h in [(40, 40), (40, 17), (17, 40), (80, 40)]:
        png(f"same-{w}x{h}.png", picture(w, h, 4, w + h), 8, 6, settings=[(40, 1), (40, 2)])
    png("same-grey16.png", picture(40, 23, 1, 77, 65535), 16, 0, settings=[(40, 1)])
    chunks = chunk(b"gAMA", struct.pack(">I", 10000)) + chunk(b"sBIT", bytes([5, 5, 5])) + chunk(b"bKGD", bytes(6))
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 5000)) + chunk(b"tEXt", b"Title\0x")
    png("chunks.png", picture(30, 20, 3, 5), 8, 2, False, chunks + text)
    for w, h in [(1, 1), (2, 1), (1, 2), (3, 7), (65, 1), (1, 65), (300, 2), (2, 300), (700, 1)]:
        png(f"size-{w}x{h}.png", picture(w, h, 3, w * 7 + h), 8, 2)
        png(f"size-{w}x{h}-interlaced.png", picture(w, h, 1, w * 7 + h), 8, 0, True, settings=[(40, 6)])
    # The order of the passes: shrinking columns, rows, both, one only.
    # 39×60, 40×60 and 41×60 to 20×20 lie around the border between the two orders.
    for w, h in [(90, 60), (30, 80), (80, 30), (39, 60), (40, 60), (41, 60)]:
        for mode, colour, depth in (("rgb", 2, 8), ("la", 4, 8), ("grey16", 0, 16)):
            pixels = picture(w, h, CHANNELS[colour], w + 3 * h, (1 << depth) - 1, noise=0)
            png(f"order-{mode}-{w}x{h}.png", pixels, depth, colour, settings=[(20, 1), (20, 6)])


def odd_pngs():
    """Files that break the standard where Pillow does not look: around and behind the data of the pixels."""
    end = chunk(b"IEND", b"")
    text = chunk(b"tEXt", b"Title\0x")

    def crossed(piece):
        """The chunk with another sum."""
        return piece[:-4] + bytes(255 - byte for byte in piece[-4:])

    for label, colour, interlaced in (("", 2, False), ("i", 0, True), ("p", 3, False)):
        pixels = picture(31, 22, CHANNELS[colour], 40 + colour, 255)
        data = b""
        for x0, y0, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
            part = pixels[y0::dy, x0::dx]
            data += filtered([pack_row(row, 8) for row in part], CHANNELS[colour])
        body = zlib.compress(data, 9)
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", 31, 22, 8, colour, 0, 0, int(interlaced)))
        rest = palette(256) if colour == 3 else b""
        idat = chunk(b"IDAT", body)
        small = struct.pack(">H", (0x08 << 8) + 31 - (0x08 << 8) % 31)
        kinds = {
            "window": rest + chunk(b"IDAT", small + body[2:]) + end,
            "no-end": rest + idat,
            "end-sum": rest + idat + crossed(end),
            "end-long": rest + idat + chunk(b"IEND", b"zz"),
            "end-cut": rest + idat + end[:5],
            "data-sum": rest + crossed(idat) + end,
            "data-sum-cut": rest + idat[:-3],
            "no-check": rest + chunk(b"IDAT", body[:-4]) + end,
            "half-check": rest + chunk(b"IDAT", body[:-2]) + end,
            "cut-check": rest + idat[:-6],
            "data-behind": rest + chunk(b"IDAT", body + b"xyz" * 10) + end,
            "chunk-behind": rest + idat + chunk(b"IDAT", b"junk") + end,
            "rows-behind": rest + chunk(b"IDAT", zlib.compress(data + bytes(1000), 9)) + end,
            "bytewise": rest + b"".join(chunk(b"IDAT", body[i:i + 1]) for i in range(len(body))) + end,
            "empty-first": rest + chunk(b"IDAT", b"") + idat + end,
            "text-sum": rest + idat + crossed(text) + end,
            "unknown-behind": rest + idat + chunk(b"ABCD", b"zz") + end,
            "unknown-before": rest + chunk(b"ABCD", b"zz") + idat + end,
            "no-letters": rest + chunk(b"a1b2", b"zz") + idat + end,
            "small-letter": rest + chunk(b"text", b"zz") + idat + end,
            "garbage-behind": rest + idat + b"\xFF" * 50,
            "header-behind": rest + idat + head + end,
            "palette-behind": rest + idat + chunk(b"PLTE", bytes(9)) + end,
            "wrong-lengths": chunk(b"bKGD", b"\0") + chunk(b"gAMA", bytes(4)) + rest + chunk(b"cHRM", b"\xFF" * 32)
            + chunk(b"iCCP", b"abc\0\0xx") + idat + end,
        }
        for kind, tail in kinds.items():
            name = f"odd{label}-{kind}.png"
            (OUT / name).write_bytes(b"\x89PNG\r\n\x1a\n" + head + tail)
            expect(name)
        name = f"odd{label}-text-first.png"
        (OUT / name).write_bytes(b"\x89PNG\r\n\x1a\n" + text + head + rest + idat + end)
        expect(name)


# ---------------------------------------------------------------- JPEG

def jpegs():
    with tempfile.TemporaryDirectory() as folder:
        tool = Path(folder) / "make_jpeg"
        subprocess.run(["cc", "-O1", str(HERE / "make_jpeg.c"), "-o", str(tool), "-ljpeg"], check=True)

        def made(name, width, height, channels, space, sampling, progressive=0, restart=0, marker="jfif"):
            pixels = picture(width, height, channels, width + height).astype(np.uint8)
            arguments = [width, height, channels, space, sampling, progressive, restart, marker]
            file = subprocess.run([tool, *map(str, arguments)], input=pixels.tobytes(), capture_output=True, check=True)
            (OUT / name).write_bytes(file.stdout)
            expect(name)

        samplings = {"444": "1x1,1x1,1x1", "422": "2x1,1x1,1x1", "420": "2x2,1x1,1x1", "440": "1x2,1x1,1x1",
                     "411": "4x1,1x1,1x1", "410": "4x2,1x1,1x1", "441": "1x4,1x1,1x1", "odd": "3x2,1x1,1x2",
                     "chroma": "1x1,2x2,1x1"}
        for label, sampling in samplings.items():
            for progressive in (0, 1):
                made(f"j{label}{'p' if progressive else ''}.jpg", 61, 47, 3, "ycc", sampling, progressive)
        made("jgrey.jpg", 61, 47, 1, "grey", "1x1")
        made("jgrey-sampled.jpg", 61, 47, 1, "grey", "2x2", 1)
        made("jrgb-adobe.jpg", 40, 33, 3, "rgb", "1x1,1x1,1x1", marker="adobe")
        made("jrgb-ids.jpg", 40, 33, 3, "rgb", "1x1,1x1,1x1", marker="none")
        made("jycc-nomarker.jpg", 40, 33, 3, "ycc", "2x2,1x1,1x1", marker="none")
        made("jrestart.jpg", 61, 47, 3, "ycc", "2x2,1x1,1x1", restart=2)
        made("jrestartp.jpg", 61, 47, 3, "ycc", "2x1,1x1,1x1", 1, restart=3)
        for marker in ("adobe", "none"):
            made(f"jcmyk-{marker}.jpg", 40, 33, 4, "cmyk", "1x1,1x1,1x1,1x1", marker=marker)
        made("jycck.jpg", 40, 33, 4, "ycck", "1x1,1x1,1x1,1x1", marker="adobe")
        made("jycck-420.jpg", 45, 33, 4, "ycck", "2x2,1x1,1x1,2x2", marker="adobe")
        made("jycck-420p.jpg", 45, 33, 4, "ycck", "2x2,1x1,1x1,2x2", 1, marker="adobe")
        for w, h in [(1, 1), (3, 7), (65, 1), (1, 65), (8, 8), (9, 17), (16, 15), (250, 3)]:
            made(f"jsize-{w}x{h}.jpg", w, h, 3, "ycc", "2x2,1x1,1x1")
            made(f"jsize-{w}x{h}p.jpg", w, h, 3, "ycc", "2x1,1x1,1x1", 1)


# ---------------------------------------------------------------- WebP

def riff(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def webps():
    def saved(name, frames, **options):
        first, *others = [Image.fromarray(f.astype(np.uint8)) for f in frames]
        buffer = io.BytesIO()
        if others:
            options.update(save_all=True, append_images=others, duration=100)
        first.save(buffer, "WEBP", **options)
        (OUT / name).write_bytes(buffer.getvalue())
        expect(name)

    opaque = picture(53, 38, 4, 21)
    opaque[..., 3] = 255
    translucent = picture(53, 38, 4, 22)
    translucent[:, :20, 3] = 0
    for quality in (5, 60, 100):
        saved(f"wlossy{quality}.webp", [picture(53, 38, 3, 20)], quality=quality)
    saved("wlossless.webp", [picture(53, 38, 3, 20)], lossless=True)
    saved("wlossless-opaque.webp", [opaque], lossless=True)
    saved("wlossless-alpha.webp", [translucent], lossless=True)
    saved("wlossless-alpha-exact.webp", [translucent], lossless=True, exact=True)
    saved("wlossy-alpha.webp", [translucent], quality=70)
    saved("wlossy-alpha-rough.webp", [translucent], quality=70, alpha_quality=20)
    saved("wanimated.webp", [picture(53, 38, 3, s) for s in (23, 24)], quality=60)
    saved("wanimated-alpha.webp", [translucent, opaque], lossless=True)
    for label, alpha_flag, frame in (("", 0, opaque), ("-alpha", 0x10, translucent)):
        # A first frame that does not cover its canvas of 53×38, which encoders do not write: put together here.
        buffer = io.BytesIO()
        Image.fromarray(frame[:19, :27].astype(np.uint8)).save(buffer, "WEBP", lossless=True, exact=True)
        canvas = struct.pack("<I", 52)[:3] + struct.pack("<I", 37)[:3]
        place = b"".join(struct.pack("<I", v)[:3] for v in (10 // 2, 6 // 2, 26, 18, 100)) + b"\0"
        chunks = [riff(b"VP8X", bytes([2 | alpha_flag, 0, 0, 0]) + canvas), riff(b"ANIM", bytes(6)),
                  riff(b"ANMF", place + buffer.getvalue()[12:])]
        name = f"wanimated-offset{label}.webp"
        (OUT / name).write_bytes(riff(b"RIFF", b"WEBP" + b"".join(chunks)))
        expect(name)
    for w, h in [(1, 1), (3, 7), (65, 1), (1, 65), (16, 17)]:
        saved(f"wsize-{w}x{h}.webp", [picture(w, h, 3, w + h)], quality=80)
        saved(f"wsize-{w}x{h}-alpha.webp", [picture(w, h, 4, w + h)], quality=80)


def main():
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    pngs()
    odd_pngs()
    jpegs()
    webps()
    lines = ",\n".join(json.dumps(line) for line in EXPECTED)
    (OUT / "expected.json").write_text(f"[\n{lines}\n]\n")
    total = sum(f.stat().st_size for f in OUT.iterdir())
    print(f"Pillow {Image.__version__}, libjpeg-turbo {features.version('libjpeg_turbo')}, "
          f"libwebp {features.version('webp')}: {len(EXPECTED)} settings, {total} bytes")


main()
