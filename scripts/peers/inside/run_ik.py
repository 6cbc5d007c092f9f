"""ik_llama.cpp through the C interface that the package ik-llama-cpp-python brings.

Matrices are repacked into interleaved rows while loading, which is its own fast layout. Flash attention is on but for several
sequences in one context, which an assertion of it refuses.
"""
import sys, time

import ik_llama_cpp._ctypes_api as api
from common import measure, prompt_ids

STEP = 512  # tokens of a prompt in one call


def open_model(args):
    api.llama_backend_init()
    model_options = api.llama_model_default_params()
    model_options.use_mmap, model_options.repack_tensors = False, True
    model = api.llama_model_load_from_file(args.model.encode(), model_options)
    if not model: sys.exit("ValueError: ik_llama.cpp refused the model")
    options = api.llama_context_default_params()
    options.n_ctx, options.n_batch, options.n_ubatch = max(2048, args.sequences * args.context), 2048, STEP
    options.n_seq_max, options.n_threads, options.n_threads_batch = args.sequences, args.threads, args.threads
    options.flash_attn = args.sequences == 1
    context = api.llama_init_from_model(model, options)
    if not context: sys.exit("ValueError: ik_llama.cpp made no context")
    batch = api.llama_batch_init(2048, 0, args.sequences)

    def decode(tokens):
        """One call; a token is (id, position, sequence, whether its logits are wanted)."""
        batch.n_tokens = len(tokens)
        for place, (token, position, sequence, wanted) in enumerate(tokens):
            batch.token[place], batch.pos[place], batch.logits[place] = int(token), position, wanted
            batch.n_seq_id[place], batch.seq_id[place][0] = 1, sequence
        if api.llama_decode(context, batch): sys.exit("RuntimeError: llama_decode failed")
        api.llama_get_logits_ith(context, len(tokens) - 1)

    def run(sequences, prompt, new):
        api.llama_kv_cache_clear(context)
        begin = time.perf_counter()
        for sequence, ids in enumerate(prompt_ids(sequences, prompt)):
            for at in range(0, prompt, STEP):
                decode([(token, at + place, sequence, at + place == prompt - 1) for place, token in enumerate(ids[at:at + STEP])])
        first = time.perf_counter()
        for step in range(new - 1): decode([(7 + step, prompt + step, sequence, True) for sequence in range(sequences)])
        return first - begin, time.perf_counter() - first
    return run


measure(open_model)
