"""What the programs of this folder share: the tests. Each of them runs in its own engine's environment, with numpy and no more.

A program hands `measure` a function that opens the model and returns another: run(sequences, prompt, new), which gives every
sequence a prompt and lets it decode `new` tokens, greedily and past any end, and returns the seconds until all have their first
token and the seconds from there to the last.
"""
import argparse, json
import numpy


def measure(open_model, extra=None):
    """Reads the command line, opens the model, and prints the figures as one line of JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--test", choices=["prefill", "decode", "depth", "batch"], required=True)
    parser.add_argument("--batches", type=lambda text: [int(word) for word in text.split(",")], required=True)
    for name in ("--prompt", "--depth", "--decoded", "--short"): parser.add_argument(name, type=int, required=True)
    if extra: extra(parser)
    args = parser.parse_args()
    # What the longest sequence takes, and a little.
    args.context = {"prefill": args.prompt, "decode": 1, "depth": args.depth, "batch": args.short}[args.test] + args.decoded + 64
    args.sequences = max(args.batches) if args.test == "batch" else 1
    run = open_model(args)
    print("\n" + json.dumps(figures(run, args)), flush=True)


def figures(run, args):
    """Tokens a second by the names that all engines' figures have."""
    def decoding(sequences, before):
        # Once for what is made when it is first met: code for this number of sequences, memory for this length.
        run(sequences, before, 3)
        return sequences * args.decoded / run(sequences, before, args.decoded + 1)[1]
    if args.test == "prefill":
        run(1, args.prompt, 1)
        return {f"prefill {args.prompt}": args.prompt / run(1, args.prompt, 1)[0]}
    if args.test == "decode": return {"decode": decoding(1, 1)}
    if args.test == "depth": return {f"decode @ {args.depth}": decoding(1, args.depth)}
    return {f"batch {sequences}": decoding(sequences, args.short) for sequences in args.batches}


def prompt_ids(sequences, count):
    """Ids of bytes, which every vocabulary has, another row for every sequence: [sequences, count]."""
    return numpy.stack([numpy.random.default_rng(seed).integers(1, 250, size=count) for seed in range(sequences)])
