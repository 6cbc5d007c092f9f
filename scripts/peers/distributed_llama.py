"""Runs distributed-llama, which its user has built, on made-up weights in its own Q40 format; one node is one process.

Of its file formats only what a Qwen3 decoder needs is written: a header of pairs of integers, then tensors in the order in
which it loads them, all Q40 (32 weights: a half-precision scale and 16 bytes) but the embedding and the norms (float32).
"""
import contextlib, re, socket, struct, subprocess, time

from shapes import HEAD_DIM, SHAPES
from shell import Failed, run, say

BEGIN = 151_643  # the first control token
VOCABULARY = SHAPES["2b"]["vocabulary"]
MODEL_MAGIC, TOKENIZER_MAGIC, QWEN3, Q40 = 0x0A00ABCD, 0x567124, 0xABCD01, 2


class DistributedLlama:
    """`dllama` as a root and its workers on this machine."""
    name = "distributed-llama"

    def __init__(self, binary, directory): self.binary, self.directory = binary, directory

    def model(self, shape):
        """The model file of a shape; made first, and a tokenizer beside it, if they are not there."""
        self.directory.mkdir(parents=True, exist_ok=True)
        made(self.tokenizer(), write_tokenizer)
        return made(self.directory / f"dllama-{shape}-q40.m", lambda file: write_model(file, SHAPES[shape]))

    def tokenizer(self): return self.directory / "dllama.t"

    def figures(self, model, nodes, threads, prompt, decoded):
        """Tokens a second of the prompt and of what is decoded behind it, as the root prints them; `threads` is of one node."""
        ports = free_ports(nodes - 1)
        with contextlib.ExitStack() as stack:
            for port in ports: stack.enter_context(self.worker(port, threads))
            time.sleep(1)
            others = ["--workers", *[f"127.0.0.1:{port}" for port in ports]] if ports else []
            text = run([self.binary, "inference", "--model", model, "--tokenizer", self.tokenizer(), "--buffer-float-type", "q80",
                        "--nthreads", threads, "--max-seq-len", 1024, "--temperature", 0, "--prompt", " a" * prompt,
                        "--steps", prompt + decoded, *others], errors="replace", timeout=3600)
        found = re.findall(r"nTokens: (\d+)\s+tokens/s: ([0-9.]+)", text)
        if [int(count) for count, _ in found] != [prompt, decoded]:
            raise Failed(f"{self.binary}: expected rates of {prompt} and {decoded} tokens", text[-1000:])
        return {f"prefill {prompt}": float(found[0][1]), f"decode @ {prompt}": float(found[1][1])}

    @contextlib.contextmanager
    def worker(self, port, threads):
        process = subprocess.Popen([self.binary, "worker", "--port", str(port), "--nthreads", str(threads)],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try: yield
        finally:
            process.kill()
            process.wait()


def free_ports(count):
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes: probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def made(path, write):
    """The path, of a file that is written first if it is not there."""
    if not path.exists():
        say(f"writing {path}")
        part = path.with_suffix(".part")
        with part.open("wb") as file: write(file)
        part.rename(path)
    return path


def header(magic, pairs):
    """Magic, the header's size, and the pairs (key, value)."""
    data = b"".join(struct.pack("<ii", key, value) for key, value in pairs)
    return struct.pack("<ii", magic, 8 + len(data)) + data


def write_model(file, shape):
    hidden, heads, inter, layers = shape["hidden"], shape["heads"], shape["inter"], shape["layers"]
    file.write(header(MODEL_MAGIC, [(0, 1), (1, QWEN3), (2, hidden), (3, inter), (4, layers), (5, heads), (6, shape["kv"]), (7, 0),
                                    (8, 0), (9, VOCABULARY), (10, 40960), (11, 1), (12, 1_000_000), (13, Q40), (19, HEAD_DIM),
                                    (20, 6)]))
    query, key = heads * HEAD_DIM, shape["kv"] * HEAD_DIM
    write_floats(file, VOCABULARY * hidden)
    for _ in range(layers):
        # q, k, v, o, gate, down, up; then the norms of q, k and of both blocks.
        for weights in (query * hidden, key * hidden, key * hidden, query * hidden, *[inter * hidden] * 3): write_q40(file, weights)
        for size in (HEAD_DIM, HEAD_DIM, hidden, hidden): write_floats(file, size)
    write_floats(file, hidden)
    write_q40(file, VOCABULARY * hidden)


def write_floats(file, count, block=struct.pack("<4f", 1.0, 0.5, 0.75, 1.25) * (1 << 16)):
    write_repeated(file, 4 * count, block)


def write_q40(file, weights, block=(struct.pack("<e", 2 ** -7) + bytes(range(7, 247, 15))) * (1 << 15)):
    write_repeated(file, weights // 32 * 18, block)


def write_repeated(file, count, block):
    for _ in range(count // len(block)): file.write(block)
    file.write(block[:count % len(block)])


def write_tokenizer(file):
    """Every byte, " a", which the prompt repeats, and words that are never met; the last ones are control tokens."""
    words = [bytes([byte]) for byte in range(256)] + [b" a"]
    words += [f"word{number}".encode() for number in range(len(words), VOCABULARY)]
    keys = [(0, 1), (1, VOCABULARY), (2, max(map(len, words))), (3, BEGIN), (9, 1), (10, 1)]
    file.write(header(TOKENIZER_MAGIC, keys) + struct.pack("<i", VOCABULARY - 1))
    for number, word in enumerate(words): file.write(struct.pack("<fi", 1.0 if number == 256 else 0.0, len(word)) + word)
