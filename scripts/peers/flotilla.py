"""`flotilla bench` on checkpoints of random weights, packed where their format is quantised."""
import json

from shapes import SHAPES, sail_config
from shell import run, say


class Flotilla:
    """Our side of every comparison; its figures have the same names as the others'."""
    name = "flotilla"

    def __init__(self, binary, directory, models, workload):
        self.binary, self.directory, self.models, self.workload = binary, directory, models, workload

    def model(self, shape, form):
        """The checkpoint and the format that it is opened in, a packed one as it was packed."""
        form = form.removesuffix("-pure")
        def native(): return self.made(shape, lambda: ["synth", "--shape", self.shape(shape)])
        if form in ("native", "bf16"): return native(), form
        return self.made(f"{shape}-{form}", lambda: ["pack", "--model", native(), "--format", form]), form

    def shape(self, shape):
        """What `synth` calls a shape: the published ones have names."""
        if shape != "tiny": return f"sail-vl2-{shape}"
        path = self.directory / f"{shape}.json"
        path.write_text(json.dumps(sail_config(SHAPES[shape]), indent=1))
        return path

    def made(self, name, command):
        if name in self.models: return self.models[name]
        path = self.directory / f"flotilla-{name}"
        if not (path / "config.json").exists():
            say(f"writing {path}")
            self.directory.mkdir(parents=True, exist_ok=True)
            run([self.binary, *command(), "--out", path])
        return str(path)

    def figures(self, model, threads, test, ranks=1):
        """Tokens a second; `behind the prompt` is decoding with a prompt in the cache."""
        path, form = model
        work = self.workload
        options = {"prefill": ["prefill", "--tokens", work.prompt], "decode": ["decode"],
                   "depth": ["decode", "--context", work.depth], "behind the prompt": ["decode", "--context", work.prompt],
                   "batch": ["batch", "--batch", ",".join(map(str, work.batches)), "--context", work.short]}[test]
        # A round of decoding is eight steps; others are measured over `decoded` of them.
        rounds = 1 if test == "prefill" else max(1, work.decoded // 8)
        report = json.loads(run([self.binary, "bench", *options, "--model", path, "--format", form, "--ranks", ranks,
                                 "--threads", threads, "--rounds", rounds, "--json"]))
        names = {"prefill": lambda row: f"prefill {row['tokens']}", "decode": lambda row: "decode",
                 "depth": lambda row: f"decode @ {row['context']}", "behind the prompt": lambda row: f"decode @ {row['context']}",
                 "batch": lambda row: f"batch {row['sequences']}"}
        return {names[test](row): row["median"] for row in report["rows"]}
