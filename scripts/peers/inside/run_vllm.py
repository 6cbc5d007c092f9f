"""vLLM's CPU backend. It makes up the weights itself: the model is a folder with a config.json and no more.

Its interface tells no time of the first token, so that a run is made twice, once for one token alone.
"""
import os, time

from common import measure, prompt_ids


def open_model(args):
    processors = sorted(os.sched_getaffinity(0))[:args.threads]
    os.environ.update(VLLM_CPU_KVCACHE_SPACE="2", VLLM_CPU_OMP_THREADS_BIND=",".join(map(str, processors)), VLLM_LOGGING_LEVEL="ERROR",
                      VLLM_CPU_NUM_OF_RESERVED_CPU="0", VLLM_ENABLE_V1_MULTIPROCESSING="0", HF_HUB_OFFLINE="1",
                      VLLM_NO_USAGE_STATS="1", DO_NOT_TRACK="1")
    from vllm import LLM, SamplingParams
    from vllm.inputs import TokensPrompt
    # It begins with a step of as many tokens as a step may have, which takes long on few processors.
    model = LLM(args.model, load_format="dummy", skip_tokenizer_init=True, dtype="bfloat16", max_model_len=4096, max_num_batched_tokens=512,
                max_num_seqs=max(8, args.sequences), enforce_eager=args.eager, enable_prefix_caching=False)

    def seconds(sequences, prompt, new):
        prompts = [TokensPrompt(prompt_token_ids=ids.tolist()) for ids in prompt_ids(sequences, prompt)]
        options = SamplingParams(temperature=0, max_tokens=new, min_tokens=new, ignore_eos=True, detokenize=False)
        begin = time.perf_counter()
        model.generate(prompts, options, use_tqdm=False)
        return time.perf_counter() - begin

    def run(sequences, prompt, new):
        first = seconds(sequences, prompt, 1)
        return first, seconds(sequences, prompt, new) - first if new > 1 else 0
    return run


if __name__ == "__main__":
    measure(open_model, lambda parser: parser.add_argument("--eager", action="store_true"))
