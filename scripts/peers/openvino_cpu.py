"""OpenVINO GenAI on GGUF files, whose groups of 32 weights it reads as they are, and on its own files, made as Intel says."""
import os, pathlib, shutil

from environment import Environment
from llama_cpp import made_gguf
from shell import run, say

PACKAGE = "openvino-genai"
HERE = pathlib.Path(__file__).resolve().parent


class OpenVino:
    """A GGUF file of one format for all matrices, on the processor."""
    name = "openvino"
    formats = {"q8": "Q8_0", "q4": "Q4_0", "q4-pure": "Q4_0"}
    files = {"q8": "q8", "q4": "q4-pure", "q4-pure": "q4-pure"}
    packages, without = [PACKAGE, "numpy", "gguf"], []

    def __init__(self, directory, workload):
        self.directory, self.workload = directory, workload
        self.environment = Environment(directory, self.name, self.packages, self.without)

    def prepare(self): self.environment.prepare()
    def version(self): return f"GenAI {self.environment.version(PACKAGE)}"
    def model(self, shape, form): return made_gguf(self.directory, self.environment.python, shape, self.files[form])

    def figures(self, model, threads, test):
        return self.environment.figures("run_openvino.py", model, threads, test, self.workload)


class OpenVinoIR(OpenVino):
    """OpenVINO's own files of a Hugging Face checkpoint of random weights, compressed by NNCF."""
    name = "openvino-ir"
    formats = {"q8": "int8, a scale and a zero a row", "q4": "int4 in groups of 32", "q4-pure": "int4 in groups of 32"}
    # optimum imports torchvision when it is there, which fails if it is of another build than PyTorch.
    packages, without = [PACKAGE, "numpy", "optimum-intel", "nncf", "torch==2.13.0"], ["torchvision"]

    def model(self, shape, form):
        """The exporter's folder, made first if it is not there: 2b takes about 12 GB of memory meanwhile."""
        bits = "int8" if form == "q8" else "int4"
        path = self.directory / f"openvino-{shape}-{bits}"
        if path.exists(): return path
        source, part = self.directory / f"checkpoint-ir-{shape}", path.with_name(path.name + ".part")
        say(f"writing {path}")
        for old in (source, part): shutil.rmtree(old, ignore_errors=True)
        run([self.environment.python, HERE / "make_checkpoint.py", shape, source])
        groups = ["--sym", "--group-size", "32", "--ratio", "1.0", "--all-layers"] if bits == "int4" else []
        run([self.environment.python.parent / "optimum-cli", "export", "openvino", "-m", source, "--task", "text-generation-with-past",
             "--weight-format", bits, *groups, part], timeout=7200,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"})
        shutil.rmtree(source)
        part.rename(path)
        return path
