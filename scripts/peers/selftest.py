"""Proves what bench-peers reckons and says without measuring: turns, best peers, ratios, tables, what is left out, its command line."""
import contextlib, io, json, pathlib, random, statistics, sys, tempfile

import arguments, report
from environment import Environment
from rounds import Comparison, turns
from shapes import HEAD_DIM, SHAPES, qwen3_config, vocabulary
from shell import Failed, last_line, run, short
from vllm_cpu import quantisation
from workload import Workload

MACHINE = {"commit": "c0ffee", "flotilla": "1.0", "isa": "avx2", "processor": "A", "processors": 2, "kernel": "6", "rounds": 1,
           "ceilings": {"read": "9.0 GB/s"}, "formats": {}, "left_out": {}}


class Fake:
    """An engine that counts its measurements; `broken` names the step that fails."""

    def __init__(self, name, formats, broken=None): self.name, self.formats, self.broken, self.seen = name, formats, broken, []
    def fail(self, step):
        if self.broken == step: raise Failed(f"no {step}")
    def prepare(self): self.fail("prepare")
    def model(self, shape, form): self.fail("model"); return f"{shape}-{form}"
    def figures(self, model, threads, test): self.fail("figures"); self.seen.append((model, threads, test)); return {test: len(self.seen)}


def best_peers():
    one = report.row({"shape": "2b"}, {"flotilla": [3, 9, 6], "a": [2, 2, 8], "b": [3, 3, 3], "c": []}, ["a", "b", "c"])
    assert one["best"] == "b" and one["ratio"] == 2 and one["shape"] == "2b", one
    alone = report.row({}, {"flotilla": [1]}, ["a"])
    assert "best" not in alone and "ratio" not in alone
    assert "ratio" not in report.row({}, {"a": [1]}, ["a"]) and report.row({}, {"a": [1]}, ["a"])["best"] == "a"
    draw = random.Random(1)
    for _ in range(500):
        names = [f"p{number}" for number in range(draw.randint(1, 5))]
        figures = {name: [draw.uniform(1, 9) for _ in range(draw.randint(1, 4))] for name in [*names, "flotilla"] if draw.random() < 0.8}
        found = report.row({}, figures, names)
        medians = {name: statistics.median(figures[name]) for name in names if name in figures}
        assert ("best" in found) == bool(medians) and ("ratio" in found) == bool(medians and "flotilla" in figures)
        if "best" in found: assert all(medians[found["best"]] >= median for median in medians.values())
        if "ratio" in found: assert found["ratio"] == min(statistics.median(figures["flotilla"]) / median for median in medians.values())


def tables():
    place = ("2b", "q8", "1×2", "decode")
    one = made({place: {"flotilla": [10, 12], "llama.cpp": [5]}}, {"llama.cpp": "b1"})
    assert report.markdown(one).splitlines()[-3:] == [
        "| shape | format | ranks × threads | test | llama.cpp | flotilla | ratio |", "|---|---|---|---|---|---|---|",
        "| 2b | q8 | 1×2 | decode | 5.0 | 11.0 (10.0–12.0) | 2.20 |"], report.markdown(one)
    several = made({place: {"flotilla": [10], "ik": [8], "ort": [4]}, (*place[:3], "batch 8"): {"flotilla": [1]}}, {"ik": "1", "ort": "2"})
    several["machine"]["left_out"] = {"vllm": "it does not install"}
    lines = report.markdown(several).splitlines()
    assert "| 2b | q8 | 1×2 | decode | 10.0 | ik 8.0 | 1.25 |" in lines and "| 2b | q8 | 1×2 | batch 8 | 1.0 | – | – |" in lines, lines
    assert lines[-1] == "Left out: vllm: it does not install." and "ik 1, ort 2" in lines[0]
    # Pieces of one processor are one table, with the rounds of all; another processor's is another.
    other = made({place: {"flotilla": [7]}}, {"ik": "1"}, processor="B")
    again = made({place: {"flotilla": [30], "ort": [20]}}, {"ort": "2"}, commit="c0de")
    a, b = report.merged(json.loads(json.dumps([several, other, again])))
    assert (a["machine"]["processor"], b["machine"]["processor"]) == ("A", "B")
    assert a["rows"][0]["flotilla"] == [10, 30] and a["rows"][0]["ort"] == [4, 20] and a["rows"][0]["best"] == "ort", a
    assert a["rows"][0]["ratio"] == 20 / 12 and a["machine"]["rounds"] == 2 and a["machine"]["commit"] == "c0ffee, c0de"
    assert report.merged([several])[0]["rows"] == several["rows"] and len(b["rows"]) == 1


def made(results, peers, **more):
    names = ", ".join(f"{name} {version}" for name, version in peers.items())
    return {"machine": {**MACHINE, "peers": peers, "peer": names, **more}, "rows": report.rows(results, peers)}


def leaving_out():
    good, picky, ill, late = Fake("good", ["q8", "q4"]), Fake("picky", ["q8"]), Fake("ill", ["q8"], "prepare"), Fake("late", ["q8"], "figures")
    ours = Fake("flotilla", ["q8", "q4"])
    comparison = Comparison(ours, [good, picky, ill, late])
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        comparison.prepare()
        cases = [("tiny", "q8"), ("tiny", "q4")]
        comparison.measure(cases, comparison.files(cases), [1], ["decode"], 3)
    assert comparison.left_out == {"ill": "no prepare", "picky q4": "it has no such format", "late q4": "it has no such format",
                                   "late tiny q8 decode": "no figures"}, comparison.left_out
    assert said.getvalue().count("left out") == 4, "each is said once"
    assert comparison.results["tiny", "q8", "1×1", "decode"].keys() == {"good", "picky", "flotilla"}
    assert len(comparison.results["tiny", "q4", "1×1", "decode"]["good"]) == 3 and len(ours.seen) == 6 and not ill.seen
    failing(good, ours)
    for count in range(1, 6):
        orders = [turns(list(range(count)), number) for number in range(count)]
        assert all(sorted(order) == list(range(count)) for order in orders) and len({order[0] for order in orders}) == count


def failing(peer, ours):
    """Ours fails in the third of four rounds: what the rounds before have measured stays, and it is an error all the same."""
    class Late(Fake):
        def figures(self, *asked):
            if len(self.seen) == 2: self.broken = "figures"
            return super().figures(*asked)

    late, cases = Late("flotilla", ["q8"]), [("tiny", "q8")]
    comparison = Comparison(late, [peer])
    with contextlib.redirect_stderr(io.StringIO()): comparison.measure(cases, comparison.files(cases), [1], ["decode"], 4)
    figures = comparison.results["tiny", "q8", "1×1", "decode"]
    assert str(comparison.broken) == "no figures" and len(figures["flotilla"]) == 2 and len(figures["good"]) >= 2, figures
    # In the first program's first turn there is nothing to be kept.
    ours.broken = "figures"
    comparison = Comparison(ours, [])
    try:
        with contextlib.redirect_stderr(io.StringIO()): comparison.measure(cases, {cases[0]: {ours: "x"}}, [1], ["decode"], 1)
    except Failed: pass
    else: raise AssertionError("ours failed, and nobody was told")


def command_lines():
    args = arguments.parsed("")
    assert (args.peers, args.shapes, args.formats, args.threads) == (["llama.cpp"], ["2b"], ["native", "bf16", "q8", "q4"], [1, 2])
    assert args.workload == Workload() and args.workload.words()[1] == "1,2,4,8"
    args = arguments.parsed("", ["--peers", "all", "--shapes", "tiny", "--batches", "8", "--models", "2b=x,2b-q8=y"])
    assert args.peers == arguments.PEERS and args.workload.batches == (8,) and args.models == {"2b": "x", "2b-q8": "y"}
    assert arguments.parsed("", ["--peers", "ik, ort,ik"]).peers == ["ik", "ort"]
    wrong = [["--peers", "gpt"], ["--peers", "ik,all"], ["--peers", ""], ["--threads", "0"], ["--threads", "x"], ["--rounds", "0"],
             ["--batches", "1,-2"], ["--shapes", "3b"], ["--dllama", "/nowhere"], ["--dllama", sys.executable, "--peers", "ik"],
             ["--dllama", sys.executable, "--shapes", "tiny"], ["--dllama", sys.executable, "--threads", "3"]]
    for words in wrong:
        with contextlib.redirect_stderr(io.StringIO()) as said:
            try: arguments.parsed("", words)
            except SystemExit as error: assert error.code == 2, words
            else: raise AssertionError(f"{words} were taken")
        assert words[0] in said.getvalue(), (words, said.getvalue())


def programs():
    assert run([sys.executable, "-c", "print(7)"]) == "7\n"
    for code, wanted in (("import sys; print('x'); sys.exit('ValueError: no')", "ended with 1: ValueError: no"),
                         ("1 / 0", "ended with 1: ZeroDivisionError"), ("import os; os._exit(3)", "ended with 3: it said nothing")):
        try: run([sys.executable, "-c", code])
        except Failed as error: assert wanted in str(error) and "\n" not in str(error), error
        else: raise AssertionError(code)
    assert last_line("a\nRuntimeError: it broke\nbye\n") == "RuntimeError: it broke" and last_line(" \n") == "it said nothing"
    assert short(["/x/python3", "/y/run_ik.py", "z"]) == "run_ik.py" and short(["/x/python", "-m", "pip", "z"]) == "pip"
    with tempfile.TemporaryDirectory() as name:
        environment = Environment(pathlib.Path(name), "none", ["no-such-package"])
        assert environment.path.parent == pathlib.Path(name) and not environment.done.exists()


def shapes():
    for shape in SHAPES.values():
        words = vocabulary(shape["vocabulary"])
        assert len(words) == len(set(words)) == shape["vocabulary"] and words[65] == "A" and words[32] == "\u0120"
        config = qwen3_config(shape)
        assert config["num_attention_heads"] % config["num_key_value_heads"] == 0 and config["hidden_size"] % 128 == 0
        assert config["head_dim"] == HEAD_DIM and config["intermediate_size"] % 128 == 0
    assert quantisation("native") == {} and quantisation("q4")["quantization_config"]["config_groups"]["group_0"]["weights"]["num_bits"] == 4


def main():
    for check in (best_peers, tables, leaving_out, command_lines, programs, shapes): check()
    print("bench-peers: best peers, ratios, tables, what is left out, and command lines: as they should be")
