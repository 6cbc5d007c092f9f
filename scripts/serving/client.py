"""A small client of FLOTILLA/1 for measuring and for breaking things; Python's standard library only."""
import json, os, pathlib, queue, shutil, signal, socket, struct, subprocess, tempfile, threading, time, zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def picture(side, columns, rows, shift):
    """A PNG of that many tiles; another shift makes other pixels."""
    ramp = bytes(range(256)) * (columns * side * 3 // 256 + 2)
    lines = b"".join(b"\0" + ramp[(y + shift) % 256:][:columns * side * 3] for y in range(rows * side))
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", columns * side, rows * side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines, 1)) + chunk(b"IEND", b"")


class Client:
    """A connection, with a thread that sorts the server's lines by request."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.reader = self.socket.makefile("rb")
        self.greeting = json.loads(self.reader.readline().split(b" ", 1)[1])
        self.events, self.notes, self.lock = {}, queue.Queue(), threading.Lock()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        try:
            for line in self.reader:
                now = time.monotonic()
                words = line.decode().rstrip("\n").split(" ", 2)
                if words[0] == "NOTE":
                    self.notes.put((now, json.loads(" ".join(words[1:]))))
                    continue
                name = words[1] if len(words) > 1 else "-"
                self._queue(name).put((now, words[0], json.loads(words[2]) if len(words) > 2 else {}))
        except (OSError, ValueError):
            pass
        with self.lock:
            for waiting in self.events.values(): waiting.put((time.monotonic(), "CLOSED", {}))

    def _queue(self, name):
        with self.lock: return self.events.setdefault(name, queue.Queue())

    def send(self, text):
        self.socket.sendall(text if isinstance(text, bytes) else text.encode())

    def blob(self, name, index, data):
        self.send(f"BLOB {name} {index} {len(data)}\n".encode() + data + b"\n")

    def generate(self, name, **body):
        self._queue(name)
        self.send(f"GENERATE {name} {json.dumps(body)}\n")

    def next(self, name, timeout=60):
        """(time, verb, body) of the request's next line."""
        return self._queue(name).get(timeout=timeout)

    def ask(self, name, verb, timeout=10):
        self._queue(name)
        self.send(f"{verb} {name}\n")
        return self.next(name, timeout)[2]

    def finish(self, name, timeout=120, on_event=None):
        """Waits for END or ERR: {"verb", "body", "text", "ids", "times"}; text and ids as they were streamed."""
        text, ids, times = "", [], []
        while True:
            now, verb, body = self.next(name, timeout)
            if on_event: on_event(now, verb, body)
            if verb in ("TEXT", "THINK"):
                text += body["text"]
                ids += body["ids"]
                times.append(now)
            if verb in ("END", "ERR", "CLOSED"):
                return {"verb": verb, "body": body, "text": text, "ids": ids, "times": times}

    def close(self):
        try: self.socket.shutdown(socket.SHUT_RDWR)
        except OSError: pass
        self.socket.close()


def program():
    """The release build, unless FLOTILLA names another."""
    if "FLOTILLA" in os.environ: return os.environ["FLOTILLA"]
    found = subprocess.run(["swift", "build", "-c", "release", "--show-bin-path"], cwd=ROOT, capture_output=True, text=True)
    path = found.stdout.strip() + "/flotilla"
    if not os.access(path, os.X_OK): raise SystemExit(f"{path} is not there: build it with scripts/build, or name one in FLOTILLA")
    return path


class Server:
    """A `flotilla serve` of its own, on a Unix socket in a directory of its own."""

    def __init__(self, model, *options, log=None, command=None, environment=None):
        self.directory = tempfile.mkdtemp(prefix="flotilla-")
        self.path = self.directory + "/socket"
        environment = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", **(environment or {})}
        self.log = open(log or self.directory + "/log", "w")
        command = [*(command or [program()]), "serve", "--model", str(model), "--unix", self.path, "--mpirun-args=--oversubscribe", *options]
        self.process = subprocess.Popen(command, stderr=self.log, stdout=self.log, env=environment)
        self.wait_until("ready", "degraded")

    def connect(self): return Client(self.path)

    def wait_until(self, *states, timeout=300):
        """Polls until the server is in one of the states; the seconds that it took."""
        began = time.monotonic()
        while time.monotonic() - began < timeout:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}: " + open(self.log.name).read()[-2000:])
            try:
                client = Client(self.path)
                state = client.greeting["state"]
                client.close()
                if state in states: return time.monotonic() - began
            except OSError: pass
            time.sleep(0.05)
        raise SystemExit(f"the server was not {' or '.join(states)} within {timeout} s")

    def ranks(self):
        client = self.connect()
        ranks = client.ask("s", "STATS")["ranks"]
        client.close()
        return ranks

    def launcher(self):
        """The pid of mpirun."""
        out = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(self.process.pid)], capture_output=True, text=True)
        return next(int(line.split()[0]) for line in out.stdout.splitlines() if "mpirun" in line or "orterun" in line)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try: self.process.wait(20)
            except subprocess.TimeoutExpired: self.process.kill()
        code = self.process.wait()
        self.log.close()
        # What a server that failed has said is left for people to read.
        if code == 0: shutil.rmtree(self.directory, ignore_errors=True)
        return code


def resident_bytes(pid):
    return int(open(f"/proc/{pid}/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")


def cpu_seconds(pid):
    """User and system time of a process and its ended children, in seconds."""
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_running(pid):
    try: return open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError: return False


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -int(-share * len(ordered) // 1) - 1))] if ordered else float("nan")
