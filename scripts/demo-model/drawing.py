"""Pictures made from nothing but code: coloured shapes and hand-made digits, with Pillow only.

Everything is drawn at twice the wanted size and scaled down, which is the cheapest way to get
soft edges. All randomness comes from the `random.Random` that is handed in, so a seed fixes a
picture. Places are fractions of the picture (0…1), so that the caller need not know pixels.
"""
from __future__ import annotations

import io
import math
import random

from PIL import Image, ImageDraw

COLOURS = {
    "red": (214, 38, 40), "green": (40, 160, 60), "blue": (35, 75, 215), "yellow": (240, 210, 40),
    "black": (28, 28, 30), "purple": (140, 45, 175), "orange": (245, 130, 25),
}
SHAPES = ["circle", "square", "triangle", "star", "cross"]
INKS = [(25, 25, 25), (20, 40, 120), (120, 20, 30), (15, 80, 40), (80, 30, 110)]  # dark pens for numbers

# Glyphs as strokes in a box one unit wide and high; a curve is a list of points on an ellipse.


def _arc(cx, cy, rx, ry, start, end, steps=14):
    """Points on an ellipse from one angle to another (degrees, 0 = right, 90 = down)."""
    turn = [math.radians(start + (end - start) * i / steps) for i in range(steps + 1)]
    return [(cx + rx * math.cos(a), cy + ry * math.sin(a)) for a in turn]


GLYPHS = {
    "0": [_arc(.5, .5, .42, .5, 0, 360, 24)],
    "1": [[(.2, .22), (.55, 0), (.55, 1)]],
    "2": [_arc(.5, .28, .4, .28, 190, 385) + [(.08, 1), (.94, 1)]],
    "3": [_arc(.45, .26, .4, .26, 200, 440), _arc(.45, .74, .45, .26, -80, 160)],
    "4": [[(.7, 1), (.7, 0), (.04, .68), (.98, .68)]],
    "5": [[(.88, 0), (.18, 0), (.13, .45)] + _arc(.46, .68, .44, .32, 230, 510)],
    "6": [[(.78, .02), (.3, .36)] + _arc(.5, .68, .42, .32, 200, 560, 24)],
    "7": [[(.06, 0), (.94, 0), (.36, 1)]],
    "8": [_arc(.5, .26, .36, .26, 90, 450, 20), _arc(.5, .76, .43, .25, -90, 270, 20)],
    "9": [_arc(.5, .32, .42, .32, 20, 380, 24) + [(.7, 1)]],
    "+": [[(.5, .22), (.5, .78)], [(.12, .5), (.88, .5)]],
    "-": [[(.12, .5), (.88, .5)]],
    "×": [[(.2, .26), (.8, .76)], [(.8, .26), (.2, .76)]],
}


class Canvas:
    """A light background with soft blotches, drawn at double size; `finish` scales it down."""

    def __init__(self, rng: random.Random, width: int, height: int):
        self.rng, self.width, self.height = rng, width, height
        base = rng.randint(222, 252)
        paper = tuple(min(255, max(0, base + rng.randint(-8, 8))) for _ in range(3))
        self.image = Image.new("RGB", (2 * width, 2 * height), paper)
        self.pen = ImageDraw.Draw(self.image)

    def _place(self, x, y):
        return (2 * x * self.width, 2 * y * self.height)

    def shape(self, kind: str, colour: str, x: float, y: float, radius: float) -> None:
        """One shape about (x, y); the radius is a fraction of the shorter side."""
        rng = self.rng
        fill = tuple(min(255, max(0, c + rng.randint(-14, 14))) for c in COLOURS[colour])
        cx, cy = self._place(x, y)
        r = 2 * radius * min(self.width, self.height)
        tilt = math.radians(rng.uniform(-12, 12))
        if kind == "circle":
            self.pen.ellipse([cx - r, cy - r, cx + r, cy + r], fill=fill)
            return
        if kind == "square":
            corners = [(45 + 90 * i, 1.18) for i in range(4)]
        elif kind == "triangle":
            corners = [(-90 + 120 * i, 1.18) for i in range(3)]
        elif kind == "star":
            corners = [(-90 + 36 * i, 1.2 if i % 2 == 0 else .5) for i in range(10)]
        else:  # cross: two bars of one width
            w = .36
            plus = [(-w, -1.05), (w, -1.05), (w, -w), (1.05, -w), (1.05, w), (w, w),
                    (w, 1.05), (-w, 1.05), (-w, w), (-1.05, w), (-1.05, -w), (-w, -w)]
            corners = [(math.degrees(math.atan2(b, a)), math.hypot(a, b)) for a, b in plus]
        self.pen.polygon([(cx + r * k * math.cos(math.radians(a) + tilt), cy + r * k * math.sin(math.radians(a) + tilt))
                          for a, k in corners], fill=fill)

    def glyph(self, sign: str, x: float, y: float, w: float, h: float, ink, thickness: float, slant: float) -> None:
        """One sign in the box w × h (fractions) about (x, y), every joint moved a little."""
        rng = self.rng
        line = max(3, round(thickness * 2 * h * self.height))
        for stroke in GLYPHS[sign]:
            dx, dy = rng.uniform(-.03, .03), rng.uniform(-.03, .03)
            points = [self._place(x + (px + dx - .5 + slant * (.5 - py)) * w, y + (py + dy - .5) * h) for px, py in stroke]
            self.pen.line(points, fill=ink, width=line, joint="curve")
            for px, py in (points[0], points[-1]):
                self.pen.ellipse([px - line / 2, py - line / 2, px + line / 2, py + line / 2], fill=ink)

    def finish(self) -> Image.Image:
        """Scale down, sometimes add grain, and sometimes pass through JPEG, as photographs do."""
        rng = self.rng
        picture = self.image.resize((self.width, self.height), Image.BOX)
        if rng.random() < .5:
            w, h = max(8, self.width // 2), max(8, self.height // 2)
            grain = Image.frombytes("RGB", (w, h), rng.randbytes(3 * w * h)).resize(picture.size, Image.BILINEAR)
            picture = Image.blend(picture, grain, rng.uniform(.01, .06))
        if rng.random() < .2:
            store = io.BytesIO()
            picture.save(store, "JPEG", quality=rng.randint(60, 95))
            picture = Image.open(io.BytesIO(store.getvalue()))
            picture.load()
        return picture
