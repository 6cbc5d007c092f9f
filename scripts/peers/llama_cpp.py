"""Builds llama.cpp from PyPI, makes GGUF files of random weights, and runs its own benchmarks."""
import json, pathlib, tarfile, venv

from shell import Failed, run, say

SDIST = "llama-cpp-python"
TARGETS = ["llama-bench", "llama-batched-bench", "llama-quantize"]
# Our format → what llama-quantize is asked for, nothing for the file that is written first; "pure" leaves no matrix in a larger format.
QUANTISATIONS = {"native": None, "bf16": None, "q8": ["Q8_0"], "q4": ["Q4_0"], "q4-pure": ["Q4_0", "--pure"]}
HERE = pathlib.Path(__file__).resolve().parent


class LlamaCpp:
    """llama.cpp in a directory of its own, where everything is kept for the next time."""
    name = "llama.cpp"
    formats = {"native": "BF16", "bf16": "BF16", "q8": "Q8_0", "q4": "Q4_0 with Q6_K for the head", "q4-pure": "Q4_0"}

    def __init__(self, directory, workload, version, jobs):
        self.directory, self.workload, self.sdist, self.jobs = directory, workload, version, jobs
        self.python = directory / "venv/bin/python"
        self.build = directory / "build"
        self.commit = "unknown"

    def prepare(self):
        """Installs what building needs, unpacks the sources and compiles; does nothing that is done already."""
        if all((self.build / "bin" / target).exists() for target in TARGETS) and self.python.exists(): return
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self.python.exists(): venv.create(self.directory / "venv", with_pip=True)
        run([self.python, "-m", "pip", "install", "-q", "cmake", "ninja", "numpy", "gguf"])
        say(f"compiling llama.cpp of {SDIST} {self.sdist} in {self.directory}; this takes several minutes")
        tools = self.python.parent
        source = self.sources()
        # Debian's compiler; static, so that the executables can be moved.
        run([tools / "cmake", "-S", source, "-B", self.build, "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools / 'ninja'}",
             "-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON", "-DLLAMA_CURL=OFF", "-DBUILD_SHARED_LIBS=OFF",
             "-DLLAMA_BUILD_TESTS=OFF", "-DLLAMA_BUILD_SERVER=OFF"])
        run([tools / "cmake", "--build", self.build, "-j", str(self.jobs), "--target", *TARGETS])

    def sources(self):
        stem = f"{SDIST.replace('-', '_')}-{self.sdist}"
        source = self.directory / stem / "vendor/llama.cpp"
        if source.exists(): return source
        # The package alone from source: with ":all:" pip would compile CMake as well.
        run([self.python, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", SDIST, "-d", self.directory,
             f"{SDIST}=={self.sdist}"])
        with tarfile.open(self.directory / f"{stem}.tar.gz") as archive: archive.extractall(self.directory, filter="data")
        return source

    def version(self): return f"{self.commit} of {SDIST} {self.sdist}"

    def model(self, shape, form):
        """The GGUF file of a shape in a format; made first if it is not there."""
        path = self.directory / f"{shape}-{form if QUANTISATIONS[form] else 'native'}.gguf"
        if path.exists(): return path
        native = made_gguf(self.directory, self.python, shape, "native")
        if QUANTISATIONS[form]:
            say(f"writing {path}")
            kind, *flags = QUANTISATIONS[form]
            part = path.with_suffix(".part")
            run([self.build / "bin/llama-quantize", *flags, native, part, kind, str(self.jobs)])
            part.rename(path)
        return path

    def forget(self, cases):
        """Removes the large files that others were made from, if none of them is measured."""
        for shape in {shape for shape, _ in cases}:
            if all(QUANTISATIONS[form] for other, form in cases if other == shape):
                (self.directory / f"{shape}-native.gguf").unlink(missing_ok=True)

    def figures(self, model, threads, test):
        work = self.workload
        if test == "prefill": return self.steps(model, threads, work.prompt, 0)
        if test == "decode": return self.steps(model, threads, 0, work.decoded)
        if test == "depth": return self.steps(model, threads, 0, work.decoded, work.depth)
        return self.batches(model, threads, work.batches)

    def steps(self, model, threads, prompt, decode, depth=0):
        """Tokens a second of llama-bench: `prefill 256`, `decode`, or `decode @ 2048`."""
        command = [self.build / "bin/llama-bench", "-m", model, "-t", threads, "-p", prompt, "-n", decode, "-d", depth,
                   "-r", 1, "-o", "json"]
        figures = {}
        for row in json.loads(run(command)):
            name = f"prefill {row['n_prompt']}" if row["n_prompt"] else "decode"
            figures[name + (f" @ {depth}" if depth else "")] = row["avg_ts"]
            self.commit = row.get("build_commit", "unknown")
        return figures

    def batches(self, model, threads, sizes):
        """Tokens a second of all sequences together, 16 tokens in the cache and 32 decoded."""
        command = [self.build / "bin/llama-batched-bench", "-m", model, "-t", threads, "-c", 2048, "-npp", self.workload.short,
                   "-ntg", self.workload.decoded, "-npl", ",".join(map(str, sizes)), "--output-format", "jsonl"]
        rows = [json.loads(line) for line in run(command).splitlines() if line.startswith("{")]
        if not rows: raise Failed("llama-batched-bench printed no figures")
        return {f"batch {row['pl']}": row["speed_tg"] for row in rows}


def made_gguf(directory, python, shape, form):
    """A GGUF file of random weights, all matrices in the one format; written first if it is not there."""
    path = directory / f"{shape}-{form}.gguf"
    if not path.exists():
        say(f"writing {path}")
        part = path.with_suffix(".part")
        run([python, HERE / "make_gguf.py", shape, form, part])
        part.rename(path)
    return path
