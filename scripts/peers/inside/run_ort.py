"""ONNX Runtime GenAI on the CPU. The number of threads is an option of the model's own file, which is written anew."""
import json, pathlib, time

import numpy, onnxruntime_genai
from common import measure, prompt_ids


def open_model(args):
    path = pathlib.Path(args.model) / "genai_config.json"
    config = json.loads(path.read_text())
    config["model"]["decoder"]["session_options"] = {"log_id": "bench", "intra_op_num_threads": args.threads, "provider_options": []}
    path.write_text(json.dumps(config, indent=1))
    model = onnxruntime_genai.Model(args.model)

    def run(sequences, prompt, new):
        options = onnxruntime_genai.GeneratorParams(model)
        length = prompt + new
        options.set_search_options(max_length=length + 1, min_length=length + 1, batch_size=sequences, do_sample=False)
        generator = onnxruntime_genai.Generator(model, options)
        begin = time.perf_counter()
        generator.append_tokens(prompt_ids(sequences, prompt).astype(numpy.int32))
        generator.generate_next_token()
        first = time.perf_counter()
        for _ in range(new - 1): generator.generate_next_token()
        return first - begin, time.perf_counter() - first
    return run


measure(open_model)
