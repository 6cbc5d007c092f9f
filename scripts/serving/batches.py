"""Random requests, as GENERATE takes them on the line and `generate --batch` in a file; Python's standard library only."""
import pathlib

from client import ROOT

PICTURES = sorted(p for p in (ROOT / "Tests/Fixtures/images").iterdir() if p.suffix in (".png", ".jpg")) \
    + sorted(p for p in (ROOT / "Sources/Tools/DemoModel/Resources/samples").iterdir() if p.suffix in (".png", ".jpg", ".webp"))
PROMPTS = ["what is 3 plus 4?", "compute the expression", "describe the image", "how many stars are there?", "tell me about the sea",
           "count to ten and then back and then again", "repeat after me: one two three one two three one two three"]
SCHEMAS = [
    {"type": "object", "properties": {"a": {"type": "integer"}, "name": {"type": "string", "maxLength": 20}}, "required": ["a", "name"],
     "additionalProperties": False},
    {"type": "array", "items": {"enum": ["red", "green", "blue", 1, None]}, "minItems": 2, "maxItems": 9},
    {"type": "string", "pattern": "^[a-f\u00e9\U0001F600]{3,30}$"},
]
FORMATS = [{"type": "json_object"}, *({"type": "json_schema", "schema": s} for s in SCHEMAS),
           {"type": "regex", "pattern": "(a|bc){2,40}d?[0-9]*"}, {"type": "choice", "choices": ["yes", "no", "maybe so", "yes please"]}]


def conversation(chance, longest):
    """Messages, pictures as paths; a prompt of up to `longest` repetitions."""
    parts = [{"type": "image", "path": str(chance.choice(PICTURES))} for _ in range(chance.choice([0, 0, 0, 1, 1, 2]))]
    parts.append({"type": "text", "text": " ".join([chance.choice(PROMPTS)] * chance.choice([1, 1, 2, longest]))})
    earlier = [{"role": "user", "content": chance.choice(PROMPTS)}, {"role": "assistant", "content": "3 + 4 = 7."}]
    return (earlier if chance.random() < 0.3 else []) + [{"role": "user", "content": parts}]


def body(chance, most_tokens=300, longest=30):
    """The members of one request; every answer has a receipt, so that all its tokens can be compared."""
    now_and_then = lambda share, *values: chance.choice(values) if chance.random() < share else None
    made = {
        "messages": conversation(chance, longest), "seed": chance.randrange(2**53), "receipt": True,
        "max_tokens": chance.choice([1, 2, 5, 20, 60, most_tokens // 2, most_tokens]),
        "temperature": now_and_then(0.7, 0.3, 0.8, 1.2, 2, 2, 5), "top_p": now_and_then(0.3, 0.3, 0.9, 0.99, 0.999),
        "top_k": now_and_then(0.3, 1, 2, 20, 255, 256, 257, 500), "min_p": now_and_then(0.2, 0.001, 0.1, 1),
        "repetition_penalty": now_and_then(0.2, 0.8, 1.1, 1.5), "presence_penalty": now_and_then(0.2, -1, 0.5, 2),
        "frequency_penalty": now_and_then(0.2, -0.5, 0.3, 2), "logprobs": now_and_then(0.4, 1, 3, 20),
        "logit_bias": now_and_then(0.2, *({str(chance.randrange(700)): chance.choice([-100, -3, 2, 7]) for _ in range(n)} for n in (1, 5, 40))),
        "stop": now_and_then(0.15, "e", " the", ["1", "="], "\n"), "think": now_and_then(0.5, "on", "off"),
        "think_budget": now_and_then(0.3, 0, 1, 3, 10, 40), "loop_guard": now_and_then(0.1, False), "max_tiles": now_and_then(0.5, 1, 2, 4, 12),
        "orient": now_and_then(0.1, True), "format": now_and_then(0.3, *FORMATS), "speculate": now_and_then(0.2, False),
    }
    return {name: value for name, value in made.items() if value is not None}


def with_blobs(made):
    """The same body with its pictures as blobs, and their bytes in order."""
    blobs, messages = [], []
    for message in made["messages"]:
        content = message["content"]
        if not isinstance(content, str):
            content = list(content)
            for place, part in enumerate(content):
                if part["type"] != "image": continue
                content[place] = {"type": "image", "blob": len(blobs)}
                blobs.append(pathlib.Path(part["path"]).read_bytes())
        messages.append({**message, "content": content})
    return {**made, "messages": messages}, blobs
