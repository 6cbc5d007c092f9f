"""A server that serves the page as flotilla does, and answers as flotilla might on a bad day.

What it answers is told by words in the question, so that a test can ask for states that a real cluster rarely shows: ranks
that are replaced, a line that is full, an answer that breaks off. Only for scripts/test-page.
"""
import base64, hashlib, json, pathlib, struct, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SITE = pathlib.Path(__file__).resolve().parent.parent.parent / "Sources/Serving/Page/Site"
TESTS = pathlib.Path(__file__).resolve().parent / "modules"
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
SUM = "Let me find the area under $f(x) = x^2$ from 0 to 3.\n\nThe antiderivative is $\\frac{x^3}{3}$, so the value at 3 is 9."
LATEX = r"""The curve is a parabola, so the shaded area is an integral:

$$
\int_0^3 x^2 \, dx = \left[ \frac{x^3}{3} \right]_0^3 = \frac{27}{3} - 0 = 9
$$

### How it was found

1. **Read the graph**: the function is $f(x) = x^2$, and the shading ends at $x = 3$.
2. **Integrate**, with $F \in \mathbb{R}[x]$ and `F(0) = 0`.

| $x$ | $f(x)$ | area so far |
|----:|-------:|------------:|
| 1 | 1 | $\tfrac{1}{3}$ |
| 2 | 4 | $\tfrac{8}{3}$ |
| 3 | 9 | 9 |

```python
area = sum((k / 1000 * 3) ** 2 * 3 / 1000 for k in range(1000))
```

More about it [at a site](https://example.invalid/calculus). Therefore the answer is \boxed{9}."""

class State:
    """What a test sets, and what it asks about afterwards."""
    def __init__(self):
        self.token = None
        self.refusals = []            # statuses to answer the next questions with
        self.open = 0                 # streams under way
        self.cut = 0                  # streams whose client left
        self.bodies = []              # what was asked
        self.known = set()            # pictures by their digest
        self.began = time.monotonic()
        self.speed = 1.0              # times as slow
        self.stats_asked = 0
        self.orients = True

def size(data):
    """Width and height of a PNG or a baseline or progressive JPEG, as stored."""
    if data[:4] == b"\x89PNG": return struct.unpack(">II", data[16:24])
    at = 2
    while at + 9 < len(data):
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2:at + 4])[0]
        if marker in (0xC0, 0xC1, 0xC2): return tuple(reversed(struct.unpack(">HH", data[at + 5:at + 9])))
        at += 2 + length
    return (448, 448)

def grid(width, height, most):
    """The grid whose ratio is nearest, written down once more from the paper's text."""
    candidates = [(c, r) for area in range(1, most + 1) for c in range(1, area + 1) for r in [area // c] if c * r == area]
    best, nearest = (1, 1), float("inf")
    for c, r in candidates:
        distance = abs(width / height - c / r)
        if distance < nearest or (distance == nearest and width * height > 0.5 * 448 * 448 * c * r):
            best, nearest = (c, r), distance
    return best

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state: State

    def log_message(self, *_): pass

    def reply(self, status, body, kind="application/json", extra=()):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in [("content-type", kind), ("content-length", str(len(data))), *HEADERS.items(), *extra]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, code, message, extra=()):
        self.reply(status, {"error": {"message": message, "type": "server_error", "param": None, "code": code}}, extra=extra)

    def allowed(self):
        token = self.state.token
        if token is None or self.headers.get("authorization") == f"Bearer {token}": return True
        self.error(401, "invalid_api_key", "this server needs a token", [("www-authenticate", "Bearer")])
        return False

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/": return self.file(SITE / "index.html")
        for prefix, root in (("/assets/", SITE), ("/tests/", TESTS)):
            if path.startswith(prefix) and ".." not in path:
                return self.file(root / (path[1:] if root is SITE else path[len(prefix):]))
        if not self.allowed(): return None
        if path == "/flotilla/info": return self.reply(200, INFO)
        if path == "/flotilla/stats": return self.reply(200, stats(self.state))
        return self.error(404, "not_found", f"there is no {path}")

    def file(self, path):
        if not path.is_file(): return self.error(404, "not_found", f"there is no {self.path}")
        kind = TYPES[path.suffix] + ("" if path.suffix == ".svg" else "; charset=utf-8")
        return self.reply(200, path.read_bytes(), kind, [("cache-control", "no-cache")])

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if not self.allowed(): return None
        try:
            tiles, grids = self.pictures(body)
        except KeyError:
            return self.error(400, "picture_gone", "this picture has left: send it again")
        words = len(json.dumps([m["content"] for m in body["messages"] if isinstance(m["content"], str)])) // 5
        found = {"image_tokens": 256 * sum(tiles), "tiles": tiles, "grid": grids}
        found["input_tokens"] = 20 + words + found["image_tokens"]
        if self.path == "/v1/chat/completions/input_tokens":
            ignored = [] if self.state.orients else [("flotilla-ignored", "orient")]
            return self.reply(200, {"object": "response.input_tokens", **found}, extra=ignored)
        self.state.bodies.append(body)
        if self.state.refusals:
            status, code = self.state.refusals.pop(0)
            return self.error(status, code, {"busy": "64 requests are in line", "loading": "the checkpoint is being loaded"}.get(code, code),
                              [("retry-after", "1"), ("retry-after-ms", "600")])
        return self.stream(body, found)

    def pictures(self, body):
        tiles, grids = [], []
        for message in body["messages"]:
            for part in message["content"] if isinstance(message["content"], list) else []:
                if part["type"] != "image_url": continue
                url = part["image_url"]["url"]
                if url.startswith("sha256:"):
                    data = KNOWN[url[7:]]
                else:
                    data = base64.b64decode(url.split(",", 1)[1])
                    KNOWN[hashlib.sha256(data).hexdigest()] = data
                width, height = size(data)
                if self.state.orients and body.get("orient") and b"Exif" in data[:64]: width, height = height, width
                c, r = grid(width, height, body.get("max_tiles", 10))
                tiles.append(c * r + (c * r > 1))
                grids.append([c, r])
        return tiles, grids

    # MARK: Streams

    def stream(self, body, found):
        self.send_response(200)
        for name, value in [("content-type", "text/event-stream; charset=utf-8"), ("cache-control", "no-cache, no-transform"),
                            ("transfer-encoding", "chunked"), *HEADERS.items()]:
            self.send_header(name, value)
        self.end_headers()
        self.state.open += 1
        try:
            for pause, event in script(body, found):
                deadline = time.monotonic() + pause * self.state.speed
                while (left := deadline - time.monotonic()) > 0: time.sleep(min(left, 0.05))
                data = event.encode()
                self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            if "break off" not in json.dumps(body): self.wfile.write(b"0\r\n\r\n")
            else: self.close_connection = True
        except OSError:
            self.state.cut += 1
            self.close_connection = True
        finally:
            self.state.open -= 1

KNOWN = {}

def chunk(delta, finish=None, **more):
    return "data: " + json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "mock",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None, **more}) + "\n\n"

def progress(stage, done, total, note=None):
    return "event: progress\ndata: " + json.dumps({"stage": stage, "done": done, "total": total, "note": note}) + "\n\n"

def pieces(text):
    """As tokens come: a few letters each."""
    return [text[at:at + 4] for at in range(0, len(text), 4)]

def script(body, found):
    """The pauses and events of an answer."""
    last = body["messages"][-1]["content"]
    text = last if isinstance(last, str) else " ".join(part.get("text", "") for part in last)
    yield 0.02, chunk({"role": "assistant", "content": ""})
    if "wait in line" in text:
        # Each for longer than a test takes to look again, which it does every half second.
        for place in (3, 2, 1): yield 1.2, progress("queue", 0, place)
        yield 1.2, ": queue 0/1\n\n"
    total = sum(found["tiles"])
    for tile in range(1, total + 1): yield 0.03, progress("vision", tile, total)
    for done in range(0, found["input_tokens"], 512): yield 0.02, progress("prefill", done, found["input_tokens"])
    think = "compute" in text.lower() or body.get("think") == "on"
    thought, answer = (SUM if think else ""), LATEX if think else "The picture shows a harbour with **three boats** at anchor."
    if "endless" in text: answer = "word " * 4000
    if "hostile" in text: answer = HOSTILE
    if "error amid" in text:
        yield 0.1, chunk({"content": "It begins"})
        yield 0.1, "data: " + json.dumps({"error": {"message": "the ranks were lost four times", "type": "server_error", "code": "rank_lost"}}) + "\n\n"
        yield 0, "data: [DONE]\n\n"
        return
    for piece in pieces(thought): yield 0.01, chunk({"reasoning_content": piece, "reasoning": piece})
    for number, piece in enumerate(pieces(answer)):
        if "lose a rank" in text and number == 5:
            yield 0.1, progress("queue", 0, 1, "ranks were lost; the answer goes on when they are back")
            yield 1.5, ": queue 0/1\n\n"
        if "break off" in text and number == 5: return
        yield 0.01, chunk({"content": piece})
    tokens = len(pieces(thought)) + len(pieces(answer))
    cut = "loop" if "circles" in text else "budget" if body.get("think_budget") else None
    report = {"seed": body.get("seed", 4711), "finish": "stop", "boxed": "9" if think else None, "thinking_cut": cut,
              "replays": 1 if "lose a rank" in text else 0, "tiles": found["tiles"], "grid": found["grid"], "queued": 0,
              "timing": {"ttft_ms": 412.0, "tokens_per_second": 87.3, "total_ms": 3000}}
    yield 0, chunk({}, "stop", flotilla=report)
    usage = {"prompt_tokens": found["input_tokens"], "completion_tokens": tokens, "total_tokens": found["input_tokens"] + tokens,
             "prompt_tokens_details": {"cached_tokens": 0, "image_tokens": found["image_tokens"]},
             "completion_tokens_details": {"reasoning_tokens": len(pieces(thought))}}
    yield 0, "data: " + json.dumps({"id": "chatcmpl-1", "choices": [], "usage": usage}) + "\n\n"
    yield 0, "data: [DONE]\n\n"

HOSTILE = r"""<img src=x onerror="document.title='owned'"> <script>document.title='owned'</script>
![a beacon](https://example.invalid/beacon.png) [click](javascript:document.title='owned')
[a site](https://example.invalid/) $\href{javascript:document.title='owned'}{x}$ $\def\a{\a\a}\a$ $\colorbox{red}{y}$ $\fcolorbox{red}{blue}{y}$ $\pmb{z}$"""

INFO = {"server": "flotilla 0.1.0", "model": {"name": "SAIL-VL2-8B-Thinking", "layers": 36, "hidden": 4096, "heads": 32, "kv_heads": 8,
    "vocabulary": 151936, "max_positions": 40960, "tile_side": 448, "max_tiles": 10, "visual_tokens_per_tile": 256},
    "state": "ready", "max_context": 40960, "max_sequences": 8, "prefill_chunk": 512, "page_tokens": 64,
    "ranks": {"decoder": 4, "vision": 1}, "groups": 1, "verbs": ["GENERATE"]}

def stats(state):
    """A cluster at work: counters that grow with time, and rates that breathe."""
    import math
    state.stats_asked += 1
    t = time.monotonic() - state.began
    busy = 0.6 + 0.4 * math.sin(t / 7)
    quantiles = lambda x: {"p50": x, "p95": 2 * x, "p99": 3 * x, "count": 40}
    rank = lambda n, role: {"rank": n, "role": role, "host": f"node{n + 1}", "pid": 4000 + n, "threads": 16, "compute_ms": 700 * t,
        "communication_ms": 110 * t, "wait_ms": 50 * t, "sent_bytes": int(9e6 * t), "resident_bytes": 5_300_000_000 + n, "steps": int(8.5 * t),
        **({"heads": 8, "rows": 3072, "step_bytes": 3_900_000_000, "read_bytes_per_s": 52e9} if role == "decoder" else {}),
        "tiles": int(0.4 * t) if role == "vision" else 0, "failures": 0, "weight_bytes": 4_100_000_000, "cache_bytes": 760_000_000, "silence_ms": 40.0}
    return {"state": "ready", "uptime_s": 86400 + t, "model": INFO["model"]["name"], "version": "0.1.0",
        "requests": {"running": 3, "waiting": int(2 * busy), "accepted": 1204, "ended": {"stop": 1180, "length": 12}, "failed": 9, "errors": {}, "replayed": 2, "preempted": 0},
        "tokens": {"prompt": 2_871_004, "cached": 1_204_111, "image": 1_900_000, "thinking": 400_112, "answer": 120_045, "generated": 520_157},
        "rates": {"answer_per_s": 21 * busy, "prompt_per_s": 160 * busy},
        "latency": {"ttft_ms": quantiles(1800 + 400 * busy), "itl_ms": quantiles(100), "e2e_ms": quantiles(30000), "queue_ms": quantiles(3)},
        "cache": {"pages": 2048, "used": int(1400 * busy), "cached": 512, "queries": 1204, "hits": 700, "hit_rate": 0.42, "images_bytes": 1, "image_hits": 310, "image_misses": 894},
        "group": {"generation": 2, "restarts": 1, "decoder": 4, "vision": 1, "asked_decoder": 4, "since_s": 3600.0},
        "ranks": [*(rank(n, "decoder") for n in range(4)), rank(4, "vision")], "connections": {"open": 4, "total": 310}}

def start(state):
    """A server on a free port of this machine; its address, and what ends it."""
    handler = type("Handler", (Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/", server.shutdown
