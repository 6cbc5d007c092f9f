"""ONNX Runtime GenAI, whose own builder makes its files from a Hugging Face checkpoint of random weights."""
import os, pathlib, shutil

from environment import Environment
from shell import run, say

PACKAGE = "onnxruntime-genai"
HERE = pathlib.Path(__file__).resolve().parent


class OrtCpu:
    """Matrices in MatMulNBits with blocks of 32 and activations of 8 bits (accuracy level 4)."""
    name = "ort"
    formats = {"q8": "int8 in blocks of 32", "q4": "int4 in blocks of 32", "q4-pure": "int4 in blocks of 32"}

    def __init__(self, directory, workload):
        self.directory, self.workload = directory, workload
        # The builder wants PyTorch and transformers; of this release there is a build for processors alone where pip can find it.
        self.environment = Environment(directory, self.name, [PACKAGE, "numpy", "torch==2.13.0", "transformers", "onnx", "onnx-ir"])

    def prepare(self): self.environment.prepare()
    def version(self): return f"GenAI {self.environment.version(PACKAGE)} on {self.environment.version('onnxruntime')}"

    def model(self, shape, form):
        """The builder's folder, made first if it is not there: 2b takes about 12 GB of memory meanwhile."""
        bits = "int8" if form == "q8" else "int4"
        path = self.directory / f"ort-{shape}-{bits}"
        if path.exists(): return path
        source, part = self.directory / f"checkpoint-{shape}", self.directory / f"ort-{shape}-{bits}.part"
        say(f"writing {path}")
        for old in (source, part): shutil.rmtree(old, ignore_errors=True)
        run([self.environment.python, HERE / "make_checkpoint.py", shape, source])
        run([self.environment.python, "-m", "onnxruntime_genai.models.builder", "-i", source, "-o", part, "-p", bits, "-e", "cpu",
             "-c", self.directory / "ort-cache", "--extra_options", "block_size=32", "accuracy_level=4"],
            cwd=self.directory, env={**os.environ, "HF_HUB_OFFLINE": "1"}, timeout=3600)
        shutil.rmtree(source)
        part.rename(path)
        return path

    def figures(self, model, threads, test):
        return self.environment.figures("run_ort.py", model, threads, test, self.workload)
