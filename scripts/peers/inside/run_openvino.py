"""OpenVINO GenAI on the CPU, with the settings that its documentation gives for one stream of the lowest latency."""
import time

import numpy, openvino, openvino_genai
from common import measure, prompt_ids


def open_model(args):
    settings = {"INFERENCE_NUM_THREADS": args.threads, "PERFORMANCE_HINT": "LATENCY", "NUM_STREAMS": "1", "ATTENTION_BACKEND": args.backend}
    pipeline = openvino_genai.LLMPipeline(args.model, "CPU", **settings)

    def run(sequences, prompt, new):
        options = openvino_genai.GenerationConfig()
        options.max_new_tokens = options.min_new_tokens = new
        options.ignore_eos, options.do_sample, options.apply_chat_template = True, False, False
        ids = prompt_ids(sequences, prompt)
        inputs = openvino_genai.TokenizedInputs(openvino.Tensor(ids), openvino.Tensor(numpy.ones_like(ids)))
        begin = time.perf_counter()
        result = pipeline.generate(inputs, options)
        whole = time.perf_counter() - begin
        # Its own clock, which has no callback into Python on the way.
        first = result.perf_metrics.get_ttft().mean / 1000 if new > 1 else whole
        return first, whole - first
    return run


measure(open_model, lambda parser: parser.add_argument("--backend", default="SDPA"))
