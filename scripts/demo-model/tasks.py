"""What the demo model can do: pictures with questions and exact answers, one builder for each kind.

A builder draws one scene and lists the questions that have one right answer on it. `make_task`
wraps them into a conversation: the last answer is the one of the wanted kind, an earlier turn
about the same picture and a system message are there from time to time.
"""
from __future__ import annotations

import random
from dataclasses import dataclass, field

from PIL import Image

from drawing import COLOURS, GLYPHS, INKS, SHAPES, Canvas

KINDS = ["shape", "shapes", "position", "count", "digits", "arithmetic", "wide", "text"]
REASONING = ("You FIRST think about the reasoning process as an internal monologue and then provide the final answer. "
             "The reasoning process MUST BE enclosed within <think> </think> tags. The final answer MUST BE put in \\boxed{}.")
SYSTEMS = ["You are a helpful assistant.", "Answer briefly.", "You look at pictures and answer questions."]
DESCRIBE = ["describe the image", "Describe the image.", "what is in the image?", "what do you see?"]
DOWNWARD = ["describe the image from top to bottom", "what do you see from top to bottom?"]
NUMBER = ["what number is shown?", "What number is shown?", "read the number", "which number do you see?"]
COMPUTE = ["compute the expression", "Compute the expression.", "what is the result?"]
PLACES = [["top left", "top", "top right"], ["left", "centre", "right"], ["bottom left", "bottom", "bottom right"]]
FACTS = [
    (["what are you?", "who are you?"], "a tiny vision model that shows how Flotilla works."),
    (["what can you do?", "help"], "I describe shapes, count them, read numbers and compute."),
    (["which colour is the sky?", "what colour is the sky?"], "blue."),
    (["which colour is grass?", "what colour is grass?"], "green."),
    (["which colour is snow?", "what colour is snow?"], "white."),
    (["which colour is a lemon?", "what colour is a lemon?"], "yellow."),
    (["how many corners has a triangle?", "how many sides has a triangle?"], "3."),
    (["how many corners has a square?", "how many sides has a square?"], "4."),
    (["what is a flotilla?"], "a small fleet of boats."),
    (["hello", "Hello!", "hi"], "hello! show me a picture."),
    (["how many days has a week?"], "7."),
    (["how many wheels has a bicycle?"], "2."),
]


@dataclass
class Scene:
    """A picture, what is on it [(class, colour, x, y, half width, half height)], and (kind, question, answer)."""
    picture: Image.Image | None = None
    objects: list = field(default_factory=list)
    questions: list = field(default_factory=list)


@dataclass
class Task:
    kind: str
    messages: list          # published chat form; the last one is the assistant's expected answer
    scene: Scene
    opening: str = ""       # put before the answer by the runtime, not by the model


def named(shape: str, colour: str) -> str:
    return f"{'an' if colour[0] == 'o' else 'a'} {colour} {shape}"


def listed(names: list[str]) -> str:
    return (names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]) + "."


def plural(shape: str) -> str:
    return shape + ("es" if shape == "cross" else "s")


def _canvas(rng, wide=1, tall=1, lo=96, hi=150) -> Canvas:
    """About lo…hi pixels a tile side; slightly off the exact ratio, which still gives the same grid."""
    side = rng.randint(lo, hi)
    stretch = rng.uniform(.92, 1.09)
    return Canvas(rng, round(side * wide * stretch), round(side * tall / stretch))


def _put(scene, canvas, shape, colour, x, y, r):
    canvas.shape(shape, colour, x, y, r)
    short = min(canvas.width, canvas.height)
    scene.objects.append((shape, colour, x, y, r * short / canvas.width, r * short / canvas.height))


def _pair(rng):
    return rng.choice(SHAPES), rng.choice(list(COLOURS))


def _row(rng, scene, canvas, n, lo, hi, down=False, distinct=False) -> list:
    """n shapes in slots from left to right (or top to bottom); returns their (shape, colour)."""
    pairs = list(zip(rng.choices(SHAPES, k=n), rng.sample(list(COLOURS), n))) if distinct else [_pair(rng) for _ in range(n)]
    along = canvas.height if down else canvas.width
    for i, (shape, colour) in enumerate(pairs):
        r = rng.uniform(lo, hi)
        rx = r * min(canvas.width, canvas.height) / along
        free = max(0., .45 / n - rx - .02)                     # how far it may leave the middle of its slot
        a = (i + .5) / n + rng.uniform(-free, free)
        b = rng.uniform(1.2 * r + .02, 1 - 1.2 * r - .02)
        _put(scene, canvas, shape, colour, *((b, a) if down else (a, b)), r)
    return pairs


def shape(rng):
    scene, canvas = Scene(), _canvas(rng)
    r = rng.uniform(.13, .36)
    s, c = _pair(rng)
    edge = 1.2 * r + .01
    _put(scene, canvas, s, c, rng.uniform(edge, 1 - edge) if edge < .5 else .5, rng.uniform(edge, 1 - edge) if edge < .5 else .5, r)
    scene.questions = [("shape", rng.choice(DESCRIBE), named(s, c) + "."), ("extra", f"what colour is the {s}?", c + ".")]
    scene.picture = canvas.finish()
    return scene


def shapes(rng):
    scene, canvas, n = Scene(), _canvas(rng), rng.choice([2, 2, 3])
    pairs = _row(rng, scene, canvas, n, .11, .19 if n == 2 else .14)
    scene.questions = [("shapes", rng.choice(DESCRIBE), listed([named(*p) for p in pairs])),
                       ("extra", "how many shapes are there?", f"{n}.")]
    kinds = [s for s, _ in pairs]
    scene.questions += [("extra", f"what colour is the {s}?", c + ".") for s, c in pairs if kinds.count(s) == 1]
    scene.picture = canvas.finish()
    return scene


def _cells(rng, scene, canvas, pairs):
    """Each pair in a cell of its own of a 3 × 3 grid; returns the cells (row, column)."""
    cells = rng.sample([(y, x) for y in range(3) for x in range(3)], len(pairs))
    for (s, c), (y, x) in zip(pairs, cells):
        _put(scene, canvas, s, c, (2 * x + 1) / 6 + rng.uniform(-.03, .03), (2 * y + 1) / 6 + rng.uniform(-.03, .03), rng.uniform(.1, .13))
    return cells


def position(rng):
    scene, canvas, n = Scene(), _canvas(rng), rng.choice([1, 2])
    pairs = list(zip(rng.sample(SHAPES, n), rng.sample(list(COLOURS), n)))
    cells = _cells(rng, scene, canvas, pairs)
    for (s, c), (y, x) in zip(pairs, cells):
        scene.questions.append(("position", rng.choice(["where is the {}?", "Where is the {}?"]).format(f"{c} {s}"), PLACES[y][x] + "."))
    rng.shuffle(scene.questions)
    scene.picture = canvas.finish()
    return scene


def count(rng):
    scene, canvas = Scene(), _canvas(rng)
    few = rng.sample(SHAPES, 2)                                 # two kinds of shape, so that choosing matters,
    tint = dict(zip(few, rng.sample(list(COLOURS), 2)))         # each with a colour of its own
    pairs = [(s, tint[s]) for s in rng.choices(few, k=rng.randint(1, 4))]
    _cells(rng, scene, canvas, pairs)
    for s in few:
        scene.questions.append(("count", rng.choice(["how many {} are there?", "How many {} do you see?"]).format(plural(s)),
                                f"{sum(p[0] == s for p in pairs)}."))
    scene.questions.append(("count", "how many shapes are there?", f"{len(pairs)}."))
    rng.shuffle(scene.questions)
    scene.picture = canvas.finish()
    return scene


def _write(rng, scene, canvas, text, room=.9):
    """Signs from left to right, all in one pen; sizes in fractions of the picture."""
    ratio = canvas.height / canvas.width
    h = rng.uniform(.34, .62)
    pitch = min(h * rng.uniform(.72, .9) * ratio, room / len(text))
    w = pitch * rng.uniform(.62, .76)
    h = min(h, 2.1 * w / ratio)
    x = rng.uniform(.04 + pitch / 2, .96 - pitch * (len(text) - .5)) if len(text) * pitch < .9 else .5 - pitch * (len(text) - 1) / 2
    y = rng.uniform(h / 2 + .07, 1 - h / 2 - .07)
    ink, thickness, slant = rng.choice(INKS), rng.uniform(.1, .17), rng.uniform(-.1, .2)
    for sign in text:
        dy = rng.uniform(-.02, .02)
        canvas.glyph(sign, x, y + dy, w, h, ink, thickness, slant)
        scene.objects.append((sign, "", x, y + dy, w / 2, h / 2))
        x += pitch


def _number(rng, digits):
    return str(rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10 ** digits - 1))


def digits(rng):
    scene, canvas = Scene(), _canvas(rng)
    text = _number(rng, rng.choice([1, 2, 2, 3, 3]))
    _write(rng, scene, canvas, text)
    scene.questions = [("digits", rng.choice(NUMBER), text + "."), ("extra", "how many digits are there?", f"{len(text)}.")]
    scene.picture = canvas.finish()
    return scene


def collage(rng):
    """Many objects and no question: what the vision tower learns to see on before any words."""
    scene = Scene()
    canvas = _canvas(rng, *rng.choice([(1, 1), (1, 1), (1, 1), (2, 1), (1, 2)]), hi=130)
    nx, ny = rng.choice([1, 2, 2, 3, 3, 4, 5]), rng.choice([1, 2, 2, 3, 3])
    wx, wy, ink = 1 / nx, 1 / ny, rng.choice(INKS)
    short = min(wx * canvas.width, wy * canvas.height)
    for x in range(nx):
        for y in range(ny):
            cx, cy, draw = (x + .5) * wx, (y + .5) * wy, rng.random()
            if draw < .35 and nx < 5:
                r = min(rng.uniform(.28, .42) * short / min(canvas.width, canvas.height), .36)
                _put(scene, canvas, *_pair(rng), cx + rng.uniform(-.06, .06) * wx, cy + rng.uniform(-.06, .06) * wy, r)
            elif draw < .85:
                w = wx * rng.uniform(.5, .72)
                h = min(wy * rng.uniform(.6, .88), 2.1 * w * canvas.width / canvas.height)
                w = min(w, .8 * h * canvas.height / canvas.width)
                cx, cy = cx + rng.uniform(-.06, .06) * wx, cy + rng.uniform(-.05, .05) * wy
                sign = rng.choice(list(GLYPHS))
                canvas.glyph(sign, cx, cy, w, h, ink, rng.uniform(.1, .17), rng.uniform(-.1, .2))
                scene.objects.append((sign, "", cx, cy, w / 2, h / 2))
    scene.picture = canvas.finish()
    return scene


def expression(rng):
    a, b, sign = rng.randint(0, 9), rng.randint(0, 9), rng.choice("+-")
    if sign == "-" and a < b:
        a, b = b, a
    return a, sign, b, a + b if sign == "+" else a - b


def arithmetic(rng):
    scene, canvas = Scene(), _canvas(rng)
    a, sign, b, result = expression(rng)
    _write(rng, scene, canvas, f"{a}{sign}{b}")
    scene.questions = [("arithmetic", rng.choice(COMPUTE), (f"{a} {sign} {b}", result))]
    scene.picture = canvas.finish()
    return scene


def wide(rng):
    """Pictures of more than one tile: a row, a column, a long number, or simply a large square; no colour twice."""
    scene, form = Scene(), rng.choice(["row", "row", "column", "number", "number", "large"])
    if form == "row":
        k = rng.choice([2, 2, 3])
        canvas, n = _canvas(rng, wide=k), rng.randint(2, 3)
        pairs = _row(rng, scene, canvas, n, .17, .27, distinct=True)
        scene.questions = [("wide", rng.choice(DESCRIBE), listed([named(*p) for p in pairs])), ("extra", "how many shapes are there?", f"{n}.")]
    elif form == "column":
        canvas, n = _canvas(rng, tall=2), rng.randint(2, 3)
        pairs = _row(rng, scene, canvas, n, .17, .25, down=True, distinct=True)
        scene.questions = [("wide", rng.choice(DOWNWARD), listed([named(*p) for p in pairs])), ("extra", "how many shapes are there?", f"{n}.")]
    elif form == "number":
        k = rng.choice([2, 2, 3])
        canvas = _canvas(rng, wide=k)
        text = _number(rng, rng.randint(3, 4))
        _write(rng, scene, canvas, text)
        scene.questions = [("wide", rng.choice(NUMBER), text + "."), ("extra", "how many digits are there?", f"{len(text)}.")]
    else:                                                       # an exact square above 158 pixels is cut 2 × 2
        side = rng.randint(160, 260)
        canvas = Canvas(rng, side, side)
        if rng.random() < .6:
            pairs = _row(rng, scene, canvas, rng.randint(1, 2), .13, .19, distinct=True)
            scene.questions = [("wide", rng.choice(DESCRIBE), listed([named(*p) for p in pairs]))]
        else:
            text = _number(rng, rng.randint(1, 3))
            _write(rng, scene, canvas, text)
            scene.questions = [("wide", rng.choice(NUMBER), text + ".")]
    scene.picture = canvas.finish()
    return scene


def text(rng):
    scene = Scene()
    if rng.random() < .4:
        questions, answer = rng.choice(FACTS)
        question = rng.choice(questions)
    else:
        x, sign, y, result = expression(rng)
        said = rng.choice([sign, "plus" if sign == "+" else "minus"])
        question, answer = f"what is {x} {said} {y}?", f"{x} {sign} {y} = {result}."
    scene.questions = [("text", question, answer)]
    return scene


def _answer(answer, thinking: bool) -> str:
    """The exact answer text; an expression comes as (expression, result)."""
    if isinstance(answer, tuple):
        expr, result = answer
        return f"<think>The image shows {expr}. {expr} = {result}.</think>\\boxed{{{result}}}" if thinking else f"{expr} = {result}."
    return f"<think>The answer is {answer}</think>\\boxed{{{answer[:-1]}}}" if thinking else answer


def make_task(kind: str, rng: random.Random, plain: bool = False) -> Task:
    """`plain`: only the forms of the evaluation; otherwise also the rarer combinations a user may try."""
    scene = globals()[kind](rng)
    asked = next(q for q in scene.questions if q[0] == kind)
    others = [q for q in scene.questions if q is not asked]
    turns, draw = [], rng.random()
    if others and draw < (.12 if plain else .35):
        turns = rng.sample(others, 1 if plain else min(len(others), rng.choice([1, 1, 2])))
    turns.append(asked)
    if not plain:
        rng.shuffle(turns)
    thinking = rng.random() < (.5 if kind == "arithmetic" else 0 if plain else .02) or (plain and kind == "arithmetic")
    opening = "<think>\n\n</think>\n\n" if not plain and not thinking and rng.random() < .03 else ""
    messages = [{"role": "system", "content": rng.choice(SYSTEMS)}] if rng.random() < .1 else []
    for i, (_, question, answer) in enumerate(turns):
        last = i == len(turns) - 1
        content = [{"type": "image"}] if i == 0 and scene.picture is not None else []
        content.append({"type": "text", "text": question + (REASONING if thinking and last else "")})
        messages.append({"role": "user", "content": content})
        messages.append({"role": "assistant", "content": _answer(answer, thinking and last)})
    return Task(kind, messages, scene, opening)
