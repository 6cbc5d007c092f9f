"""Asks an OpenAI-compatible server, in parallel, and keeps every answer in a file as it comes; the standard library only."""
from __future__ import annotations

import hashlib
import http.client
import json
import queue
import ssl
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit


class Refused(Exception):
    """The server will not answer this question, however often it is asked."""


class Client:
    """One connection that is kept; a lost one is made anew."""

    def __init__(self, settings):
        self.url = urlsplit(settings.url if "://" in settings.url else "http://" + settings.url)
        self.settings, self.connection = settings, None

    def connect(self):
        host, port = self.url.hostname or "127.0.0.1", self.url.port
        if self.url.scheme == "https":
            trust = ssl.create_default_context(cafile=self.settings.ca)
            return http.client.HTTPSConnection(host, port, timeout=self.settings.timeout, context=trust)
        return http.client.HTTPConnection(host, port, timeout=self.settings.timeout)

    def path(self, end: str) -> str:
        base = self.url.path.rstrip("/")
        return base + end if base.endswith("/v1") else base + "/v1" + end

    def send(self, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
        if self.connection is None:
            self.connection = self.connect()
        headers = {"content-type": "application/json"}
        if self.settings.token:
            headers["authorization"] = "Bearer " + self.settings.token
        try:
            self.connection.request("POST", self.path("/chat/completions"), body, headers)
            response = self.connection.getresponse()
            return response.status, response.headers, response.read()
        except BaseException:
            self.connection.close()
            self.connection = None
            raise

    def ask(self, body: dict) -> dict:
        """The whole answer; what may pass (too busy, loading, a lost connection) is tried again for a while."""
        data = json.dumps(body, ensure_ascii=False).encode()
        until = time.monotonic() + self.settings.patience
        pause = 0.5
        while True:
            try:
                status, headers, answer = self.send(data)
            except (OSError, http.client.HTTPException) as error:
                cause, wait = f"{type(error).__name__}: {error}", None
            else:
                if status == 200:
                    return json.loads(answer)
                cause, wait = f"{status}: {message(answer)}", headers.get("retry-after")
                if status not in (408, 429, 502, 503, 504) or headers.get("x-should-retry") == "false":
                    raise Refused(cause)
            if time.monotonic() > until:
                raise Refused(cause)
            time.sleep(min(float(wait), 60) if (wait or "").isdigit() else pause)
            pause = min(2 * pause, 10)


def message(answer: bytes) -> str:
    try:
        return json.loads(answer)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return answer[:200].decode(errors="replace")


def digest(body: dict) -> str:
    """Names a request: an answer is taken from an earlier run only if the very same was asked."""
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:16]


class Answers:
    """The answers of this run and of earlier ones, a JSON object a line; a line that a kill cut off is passed over."""

    def __init__(self, path: Path, fresh: bool):
        self.lock, self.known = threading.Lock(), {}
        if path.exists() and not fresh:
            for line in path.read_text("utf-8", errors="replace").splitlines():
                try:
                    answer = json.loads(line)
                except ValueError:
                    continue
                if "error" not in answer:
                    self.known[answer["id"], answer["request"]] = answer
        torn = path.exists() and not fresh and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
        self.file = open(path, "w" if fresh else "a", encoding="utf-8")
        if torn:
            self.file.write("\n")

    def add(self, answer: dict):
        with self.lock:
            self.file.write(json.dumps(answer, ensure_ascii=False) + "\n")
            self.file.flush()


def read(completion: dict) -> dict:
    """What is kept of an answer."""
    choice = completion["choices"][0]
    said = choice["message"]
    return {"text": said.get("content") or "", "thinking": said.get("reasoning_content") or said.get("reasoning") or "",
            "finish": choice.get("finish_reason"), "model": completion.get("model"),
            "fingerprint": completion.get("system_fingerprint"), "usage": completion.get("usage")}


def run(jobs, settings, answers: Answers, progress=lambda answer: None) -> list[dict]:
    """Answers all of `jobs`, pairs of an id and what makes the request; in their order, whatever came first."""
    found: dict[int, dict] = {}
    waiting: queue.Queue = queue.Queue()
    for entry in enumerate(jobs):
        waiting.put(entry)

    def work():
        client = Client(settings)
        while True:
            try:
                index, (name, make) = waiting.get_nowait()
            except queue.Empty:
                return
            # Made only now: a set's pictures together may be larger than the memory.
            try:
                body = make()
                key = digest(body)
                answer = answers.known.get((name, key))
                if answer is None:
                    began = time.monotonic()
                    try:
                        answer = {"id": name, "request": key, **read(client.ask(body)),
                                  "seconds": round(time.monotonic() - began, 3)}
                    except (Refused, KeyError, ValueError) as error:
                        answer = {"id": name, "request": key, "error": str(error)}
                    answers.add(answer)
            except OSError as error:
                answer = {"id": name, "error": f"a picture cannot be read: {error}"}
            found[index] = answer
            progress(answer)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(settings.parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)
    return [found.get(index) or {"id": name, "error": "not asked"} for index, (name, _) in enumerate(jobs)]
