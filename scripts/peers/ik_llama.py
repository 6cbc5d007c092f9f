"""ik_llama.cpp as the package ik-llama-cpp-python brings it: a library compiled for AVX2."""
from environment import Environment
from llama_cpp import made_gguf

PACKAGE = "ik-llama-cpp-python"


class IkLlama:
    """A GGUF file of one format for all matrices, repacked into interleaved rows while it is loaded."""
    name = "ik"
    formats = {"native": "BF16", "bf16": "BF16", "q8": "Q8_0", "q4": "Q4_0", "q4-pure": "Q4_0"}
    files = {"native": "native", "bf16": "native", "q8": "q8", "q4": "q4-pure", "q4-pure": "q4-pure"}

    def __init__(self, directory, workload):
        self.directory, self.workload = directory, workload
        self.environment = Environment(directory, self.name, [PACKAGE, "numpy", "gguf"])

    def prepare(self): self.environment.prepare()
    def version(self): return f"{self.environment.version(PACKAGE)} ({PACKAGE}, AVX2)"
    def model(self, shape, form): return made_gguf(self.directory, self.environment.python, shape, self.files[form])

    def figures(self, model, threads, test):
        return self.environment.figures("run_ik.py", model, threads, test, self.workload)
