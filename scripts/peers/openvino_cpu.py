"""OpenVINO GenAI, which reads GGUF files: their groups of 32 weights stay as they are."""
from environment import Environment
from llama_cpp import made_gguf

PACKAGE = "openvino-genai"


class OpenVino:
    """A GGUF file of one format for all matrices, on the processor."""
    name = "openvino"
    formats = {"q8": "Q8_0", "q4": "Q4_0", "q4-pure": "Q4_0"}
    files = {"q8": "q8", "q4": "q4-pure", "q4-pure": "q4-pure"}

    def __init__(self, directory, workload):
        self.directory, self.workload = directory, workload
        self.environment = Environment(directory, self.name, [PACKAGE, "numpy", "gguf"])

    def prepare(self): self.environment.prepare()
    def version(self): return f"GenAI {self.environment.version(PACKAGE)}"
    def model(self, shape, form): return made_gguf(self.directory, self.environment.python, shape, self.files[form])

    def figures(self, model, threads, test):
        return self.environment.figures("run_openvino.py", model, threads, test, self.workload)
