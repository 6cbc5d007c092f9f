"""Proves that the rules judge as they should, that prompts are the published ones, and that a run resumes and retries."""
from __future__ import annotations

import base64
import contextlib
import io
import json
import pathlib
import random
import socket
import tempfile
import threading
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import asking
import prompts
import questions
import scoring

OPTIONS = {"options": ["a red cross", "Paris", "12", "a"]}
RIGHT = [
    ("exact", " an orange star. ", "an orange star.", {}), ("text", "“An  Orange star”.", "an orange star", {}),
    ("text", "So \\boxed{Left}", "left", {}), ("contains", "It says: HELLO world", "hello world", {}),
    ("choice", "B", "B", OPTIONS), ("choice", "(b)", "B", {"options": ["x", "y"]}), ("choice", "B. Paris", "B", OPTIONS),
    ("choice", "The answer is (C).", "C", OPTIONS), ("choice", "Answer: **D**", "D", OPTIONS),
    ("choice", "\\boxed{\\text{B}}", "B", OPTIONS), ("choice", "It is in Paris, of course", "B", OPTIONS),
    ("choice", "A is wrong, so the answer is B", "B", OPTIONS), ("choice", "Paris", "Paris", OPTIONS),
    ("choice", "答案是C。", "C", OPTIONS), ("choice", "A", "A", OPTIONS), ("choice", "B) because", "B", OPTIONS),
    ("number", "the sum is 1,200", "1200", {}), ("number", "\\boxed{\\frac{3}{4}}", "0.75", {}), ("number", "3/4", "0.75", {}),
    ("number", "−7", "-7", {}), ("number", "3.14159", "3.14", {"precision": 2}), ("number", "about 9.9", "10", {"tolerance": 0.2}),
    ("number", "12.5 %", "12.5", {}), ("number", ".5", "0.5", {}), ("number", "-\\frac{1}{2}", "-0.5", {}),
    ("number", "1e3", "1000", {}), ("number", "x = 2, y = 3", "3", {}),
    ("relaxed", "104", "100", {}), ("relaxed", "Blue.", "blue", {}), ("relaxed", "95%", "100", {}), ("relaxed", "0", "0", {}),
    ("boxed", "so \\boxed{12}", "12", {}), ("boxed", "\\boxed{1} no, \\boxed{x^{2}}", "x^2", {}),
    ("boxed", "\\boxed{12.0}", "\\boxed{12}", {}), ("boxed", "\\boxed{\\text{left}}", "left", {}),
    ("boxed", "\\boxed{\\frac{1}{2}}", "0.5", {}), ("yesno", "Yes, it is.", "yes", {}), ("yesno", "False", "no", {}),
]
WRONG = [
    ("exact", "An orange star.", "an orange star.", {}), ("text", "a blue star", "an orange star", {}),
    ("choice", "I cannot say", "A", OPTIONS), ("choice", "A or B", "A", OPTIONS), ("choice", "C", "B", OPTIONS),
    ("choice", "", "A", OPTIONS), ("choice", "a picture of A dog", "A", {"options": ["one", "two"]}),
    ("number", "twelve", "12", {}), ("number", "1,200", "200", {}), ("number", "3.15", "3.14", {"precision": 2}),
    ("relaxed", "106", "100", {}), ("relaxed", "1", "0", {}), ("boxed", "12", "12", {}), ("boxed", "\\boxed{12", "12", {}),
    ("boxed", "\\boxed{112}", "12", {}), ("boxed", "\\boxed{a 1}", "b 1", {}), ("yesno", "nothing", "no", {}),
]


def rules():
    for name, said, wanted, more in RIGHT + WRONG:
        found = scoring.score(said, {"answer": wanted, **more}, name)
        assert found == ((name, said, wanted, more) in RIGHT), (name, said, wanted, found)
    assert scoring.score("hello", {"answer": ["bye", "Hello"]}) == 1, "one of several"
    assert scoring.score(None, {"answer": ""}) == 0
    assert scoring.score("kitten", {"answer": "sitting"}, "anls") == 1 - 3 / 7
    assert scoring.score("cat", {"answer": "dog"}, "anls") == 0
    kinds = {"choice": {"answer": "A", "options": ["x"]}, "boxed": {"answer": "\\boxed{1}"}, "number": {"answer": "-3.5"},
             "yesno": {"answer": "Yes"}, "text": {"answer": "left"}, "anls": {"answer": "1", "score": "anls"}}
    for name, question in kinds.items(): assert scoring.rule(question, "auto") == name, question


def intervals():
    # Agresti and Coull's example, and the ends.
    low, high = scoring.wilson(15, 20)
    assert abs(low - 0.5313) < 1e-4 and abs(high - 0.8881) < 1e-4, (low, high)
    assert scoring.wilson(0, 10)[0] == 0 and abs(scoring.wilson(0, 10)[1] - 0.2775) < 1e-4
    assert scoring.wilson(10, 10)[1] == 1 and scoring.wilson(0, 0) == (0, 1)
    # By trying it: about 95 of 100 intervals hold the true share.
    draw = random.Random(7)
    held = 0
    for _ in range(2000):
        low, high = scoring.wilson(sum(draw.random() < 0.8 for _ in range(63)), 63)
        held += low <= 0.8 <= high
    assert 0.93 < held / 2000 < 0.97, held


def published():
    limits = {"MMMU_DEV_VAL": 12, "ChartQA_TEST": 12, "DocVQA_VAL": 18, "InfoVQA_VAL": 24, "OCRBench": 24, "HRBench4K": 24,
              "MMLongBench-Doc": 18, "MathVista_MINI": 10, "MMStar": 10, "MME-RealWorld": 12, "OCRVQA_TEST": 12, "VCR_EN": 12}
    for name, limit in limits.items(): assert prompts.tile_limit(name, 1) == limit, name
    assert prompts.tile_limit("MMMU", 7) == 9 and prompts.tile_limit("MMMU", 100) == 1 and prompts.tile_limit("x", 4) == 10
    text = prompts.published_text({"question": "Where? <image 1>", "options": ["here", "there"], "hint": "Look."}, "MMMU")
    assert text == "Look.\nWhere?\nA. here\nB. there\n" + prompts.LETTER, text
    assert prompts.published_text({"question": "在哪里？", "options": ["这"]}, "MMBench_CN").endswith("\n请直接回答选项字母。")
    assert prompts.published_text({"question": "How many?"}, "ChartQA_TEST") == "How many?\n" + prompts.SHORT
    assert prompts.published_text({"question": "Is it?"}, "HallusionBench") == f"Is it? {prompts.YES_NO} {prompts.SHORT}"
    assert prompts.published_text({"question": "Solve.", "options": ["1"]}, "MathVista_MINI") == "Solve."
    assert prompts.cleaned("12.", "ChartQA") == "12" and prompts.cleaned("12.", "MMMU") == "12."
    settings = arguments(published=True, dataset="MMStar")
    one = prompts.body({"question": "What?", "pictures": [b"x"]}, pathlib.Path("."), settings)
    assert one["tiling"] == "msac" and one["rgb_first"] and one["max_tiles"] == 10 and one["max_tokens"] == 1024
    two = prompts.body({"question": "What <image 2>?", "pictures": [b"x", b"y"]}, pathlib.Path("."), settings)
    texts = [p.get("text", "image") for p in two["messages"][0]["content"]]
    assert texts == ["Image-1: ", "image", "Image-2: ", "image", "What ?\n" + prompts.SHORT], texts
    assert "tiling" not in two
    thinking = prompts.body({"question": "What?"}, pathlib.Path("."), arguments(published=True, think="on"))
    assert thinking["max_tokens"] == 4096 and thinking["think"] == "on"


def formats(directory):
    (directory / "t.tsv").write_text("index\timage\tquestion\tA\tB\tanswer\tcategory\n"
                                     f"1\t{base64.b64encode(b'p' * 60).decode()}\twhat?\tx\ty\tB\tart\n2\t1\twhy?\t\t\tno\tart\n")
    found, _ = questions.read(directory / "t.tsv")
    assert found[0]["options"] == {"A": "x", "B": "y"} and found[1]["pictures"] == [b"p" * 60] and "options" not in found[1]
    (directory / "m.json").write_text(json.dumps({"1": {
        "pid": "1", "image": "images/1.jpg", "question": "q", "query": "Hint\nq", "answer": "1.2", "precision": 1.0,
        "question_type": "free_form", "answer_type": "float", "choices": None, "metadata": {"task": "geometry"}}, "2": {
        "pid": "2", "image": "images/2.jpg", "question": "q", "query": "q\nChoices:\n(A) x\n(B) y", "answer": "y",
        "question_type": "multi_choice", "answer_type": "text", "choices": ["x", "y"], "metadata": {"task": "art"}}}))
    found, _ = questions.read(directory / "m.json")
    assert scoring.score("It is 1.23", found[0]) == 1 and scoring.score("(B)", found[1]) == 1 and found[0]["kind"] == "geometry"
    assert prompts.plain_text(found[1]) == found[1]["question"]


def arguments(**given):
    standard = dict(url="", token=None, ca=None, model=None, dataset=None, published=False, score="auto", think=None,
                    max_tokens=None, max_tiles=None, tiling=None, rgb_first=False, orient=False, parallel=4, limit=None,
                    out=None, fresh=False, timeout=20, patience=20, mark=0, show=0, json=None)
    return types.SimpleNamespace(**{**standard, **given})


class Mock(BaseHTTPRequestHandler):
    """Answers with the question's own last word; now and then it is busy, or hangs up."""
    protocol_version = "HTTP/1.1"
    asked, trouble, seen = 0, True, []

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        Mock.asked += 1
        Mock.seen.append(self.headers.get("authorization"))
        if Mock.trouble and Mock.asked % 5 == 0:
            return self.reply(429, {"error": {"message": "busy"}}, {"retry-after": "0"})
        if Mock.trouble and Mock.asked % 7 == 0:
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        content = body["messages"][-1]["content"]
        text = content if isinstance(content, str) else content[-1]["text"]
        if "refuse" in text:
            return self.reply(400, {"error": {"message": "this is refused"}}, {})
        self.reply(200, {"model": "mock", "system_fingerprint": "fp_1", "choices": [
            {"message": {"content": text.split()[-1]}, "finish_reason": "stop"}]}, {})

    def reply(self, status, body, headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"content-length": str(len(data)), **headers}.items(): self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_): pass


def whole_run(directory):
    import importlib.machinery, importlib.util
    path = str(pathlib.Path(__file__).resolve().parent.parent / "evaluate")
    loader = importlib.machinery.SourceFileLoader("evaluate_main", path)
    main = importlib.util.module_from_spec(importlib.util.spec_from_loader("evaluate_main", loader))
    loader.exec_module(main)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Mock)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (directory / "a.png").write_bytes(b"no picture, but nobody looks")
    lines = [{"question": f"say {n}", "answer": str(n if n % 4 else n + 1), "kind": "even" if n % 2 == 0 else "odd",
              **({"picture": "a.png"} if n % 3 == 0 else {})} for n in range(40)]
    (directory / "questions.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    settings = arguments(questions=directory / "questions.jsonl", url=f"127.0.0.1:{server.server_port}", token="t",
                         json=directory / "figures.json", limit=25)
    quiet = io.StringIO()
    with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
        assert main.evaluate(settings) == 0
        first, Mock.trouble = Mock.asked, False
        assert first > 25 and set(Mock.seen) == {"Bearer t"}
        kept = directory / "answers-questions.jsonl"
        kept.write_bytes(kept.read_bytes()[:-9])
        settings.limit = None
        assert main.evaluate(settings) == 0
        assert Mock.asked == first + 16, "fifteen new ones, and the one whose line was cut off"
        rows = {row["kind"]: row for row in json.loads(settings.json.read_text())["kinds"]}
        assert (rows["even"]["right"], rows["odd"]["right"], rows["all"]["questions"]) == (10, 20, 40), rows
        assert main.evaluate(arguments(**{**vars(settings), "mark": 60})) == 1, "below the mark"
        settings.max_tokens = 5
        assert main.evaluate(settings) == 0 and Mock.asked == first + 56, "asked otherwise, they are other requests"
        (directory / "questions.jsonl").write_text(json.dumps({"question": "refuse", "answer": "x"}))
        assert main.evaluate(settings) == 1 and "this is refused" in kept.read_text()
    server.shutdown()


def main() -> int:
    rules()
    intervals()
    published()
    with tempfile.TemporaryDirectory() as name:
        formats(pathlib.Path(name))
        whole_run(pathlib.Path(name))
    print(f"evaluate: {len(RIGHT) + len(WRONG)} judgements, intervals, prompts, formats and a run against a mock: as they should be")
    return 0
