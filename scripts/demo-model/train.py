#!/usr/bin/env python3
"""Train the demo model on pictures that are drawn while it learns.

The length is set in minutes: the learning rate is constant and falls to zero over the last part.
A state file is written at every evaluation; --resume goes on from it, also with another --minutes.
"""
from __future__ import annotations

import argparse
import os
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import torch
import torch.nn.functional as F

import tokenizer
from data import Stream, validation
from model import CLASSES, HINT, SIZES, TINTS, decoder, init, use, visual_tokens
from optimizer import Muon
from tasks import KINDS

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
START = {"shape": 4, "shapes": 3, "position": 2, "count": 2, "digits": 4, "arithmetic": 2, "wide": .8, "text": .5}
COST = {"wide": .6, "text": .8}      # a wide picture takes several times as long as another


def see(w, part):
    """Visual tokens, and the loss of telling from each of them what its four patches show."""
    pixels = torch.from_numpy(part["pixels"]).permute(0, 3, 1, 2).float() / 255
    pixels = (pixels - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(STD).view(1, 3, 1, 1)
    visual, n, c = visual_tokens(w, pixels), len(pixels), len(CLASSES)
    guess = F.linear(visual, w[HINT]).view(n, 4, 4, 2, 2, -1).transpose(2, 3).reshape(n * 64, -1)
    label = torch.from_numpy(part["labels"]).view(-1, 2)
    classes, tints = torch.ones(c), torch.ones(len(TINTS))
    classes[0] = tints[0] = .15                 # most patches are background
    return visual, F.cross_entropy(guess[:, :c], label[:, 0], classes) + .5 * F.cross_entropy(guess[:, c:], label[:, 1], tints)


def forward(w, part):
    """Token losses [answer tokens], whether each last answer is right, and the loss of the hints."""
    visual, hint = see(w, part) if part["pixels"] is not None else (None, torch.zeros(()))
    logits = F.linear(decoder(w, part, visual), w["language_model.model.embed_tokens.weight"])
    target, row, final = (torch.from_numpy(part[k]) for k in ("target", "row", "final"))
    loss = F.cross_entropy(logits, target, reduction="none")
    wrong = (logits.argmax(-1) != target) & final
    exact = torch.ones(len(part["kinds"])).index_put_((row[wrong],), torch.tensor(0.))
    return loss, exact, hint


def gradients(w, part, tokens, parts, hint_weight):
    if not tokens:
        hint = see(w, part)[1] / parts
        return part, 0., hint.item(), [], torch.autograd.grad(hint, list(w.values()), allow_unused=True)
    loss, exact, hint = forward(w, part)
    loss, hint = loss.sum() / tokens, hint / parts
    grads = torch.autograd.grad(loss + hint_weight * hint, list(w.values()), allow_unused=True)
    return part, loss.item(), hint.item(), exact, grads


@torch.no_grad()
def evaluate(w, parts) -> dict[str, float]:
    """Share of exactly right last answers. Greedy decoding is exact iff every arg-max given the right text before it is."""
    good, seen = torch.zeros(len(KINDS)), torch.zeros(len(KINDS))
    for part in parts:
        _, exact, _ = forward(w, part)
        kinds = torch.from_numpy(part["kinds"])
        good.index_add_(0, kinds, exact)
        seen.index_add_(0, kinds, torch.ones(len(kinds)))
    return {k: float(g / n) for k, g, n in zip(KINDS, good, seen)}


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    a.add_argument("--out", type=Path, default=Path("demo-run"), help="directory for the tokenizer and the state")
    a.add_argument("--size", choices=list(SIZES), default="demo", help="the demo model, or the one that drafts for it")
    a.add_argument("--minutes", type=float, default=85, help="training time, evaluations not counted")
    a.add_argument("--seed", type=int, default=1)
    a.add_argument("--batch", type=int, default=32)
    a.add_argument("--parts", type=int, default=4, help="micro-batches of a batch, sorted by length")
    a.add_argument("--workers", type=int, default=2, help="processes that draw")
    a.add_argument("--threads", type=int, default=2, help="micro-batches computed at a time")
    a.add_argument("--matrix-rate", type=float, default=.02, help="learning rate of Muon")
    a.add_argument("--other-rate", type=float, default=2e-3, help="learning rate of AdamW")
    a.add_argument("--look", type=int, default=400, help="first steps, on collages and the vision tower alone")
    a.add_argument("--hint-weight", type=float, default=.5)
    a.add_argument("--decay", type=float, default=.4, help="share of the time in which the rate falls to zero")
    a.add_argument("--every", type=float, default=6, help="minutes between evaluations")
    a.add_argument("--resume", action="store_true")
    args = a.parse_args()
    use(args.size)

    # One thread per micro-batch and none inside a product: on a busy machine nothing waits for a preempted core.
    torch.set_num_threads(1)
    pool = ThreadPoolExecutor(args.threads)
    torch.set_flush_denormal(True)
    state_file, vocabulary = args.out / "state.pt", args.out / "tokenizer"
    if not (vocabulary / "vocab.json").exists():
        tokenizer.train(vocabulary)
    w = init(args.seed)
    muon = Muon(w)
    adam = torch.optim.AdamW([p for p in w.values() if id(p) not in muon.taken], betas=(.9, .98), weight_decay=0.)
    average = {k: v.detach().clone() for k, v in w.items()}
    step, spent, checked, accuracy = 0, 0., 0., dict.fromkeys(KINDS, 0.)
    if args.resume:
        s = torch.load(state_file)
        for k in w:
            w[k].data.copy_(s["weights"][k])
        muon.buffers, average, step, spent, accuracy = s["muon"], s["average"], s["step"], s["spent"], s["accuracy"]
        checked = spent
        adam.load_state_dict(s["adam"])

    def kind_weights():
        if step < args.look + 500:
            return [START[k] for k in KINDS]
        return [COST.get(k, 1) * (.08 + 1 - accuracy[k]) for k in KINDS]

    stream = Stream(vocabulary, f"train {args.seed} {step}", args.batch, args.parts, args.workers, kind_weights(), step < args.look)
    checks = validation(vocabulary, args.seed, 30)
    print(f"{sum(v.numel() for k, v in w.items() if k != HINT) / 1e6:.2f} M parameters", flush=True)
    mark, running, samples, waited = time.time(), [0., 0.], 0, 0.
    while spent < args.minutes * 60:
        begin = time.time()
        parts = next(stream)
        waited += time.time() - begin
        tokens = sum(len(p.get("target", ())) for p in parts)
        jobs = [pool.submit(gradients, w, part, tokens, len(parts), args.hint_weight) for part in reversed(parts)]  # long ones first
        for job in as_completed(jobs):
            part, loss, hint, exact, grads = job.result()
            for p, g in zip(w.values(), grads):
                if g is not None:
                    p.grad = g if p.grad is None else p.grad.add_(g)
            running[0] += loss
            running[1] += hint
            for kind, right in zip(part.get("kinds", ()), exact):
                accuracy[KINDS[kind]] += .01 * (float(right) - accuracy[KINDS[kind]])
        samples += args.batch
        done = spent / (args.minutes * 60)
        pace = min(1., (step + 1) / 100, max(.01, (1 - done) / args.decay))
        torch.nn.utils.clip_grad_norm_([p for g in adam.param_groups for p in g["params"]], 1.)
        adam.param_groups[0]["lr"] = args.other_rate * pace
        adam.step()
        muon.step(args.matrix_rate * pace, pool)
        for p in w.values():
            p.grad = None
        keep = min(.998, step / (step + 20))
        torch._foreach_lerp_(list(average.values()), [p.data for p in w.values()], 1 - keep)
        step += 1
        spent += time.time() - begin
        stream.weights[:], stream.looking.value = kind_weights(), step < args.look
        if step % 25 == 0:
            span = time.time() - mark
            print(f"step {step} {spent / 60:.1f} min {samples / span:.0f}/s (waited {waited / span:.0%}) loss {running[0] / 25:.3f} "
                  f"hint {running[1] / 25:.3f} | " + " ".join(f"{k} {v:.2f}" for k, v in accuracy.items()), flush=True)
            mark, running, samples, waited = time.time(), [0., 0.], 0, 0.
        if spent - checked >= args.every * 60 or spent >= args.minutes * 60:
            checked = spent
            result = evaluate(average, checks)
            print(f"EVAL step {step} " + " ".join(f"{k} {v:.3f}" for k, v in result.items()), flush=True)
            torch.save({"size": args.size, "weights": w, "average": average, "muon": muon.buffers, "adam": adam.state_dict(),
                        "step": step, "spent": spent, "accuracy": accuracy}, state_file.with_suffix(".new"))
            os.replace(state_file.with_suffix(".new"), state_file)
            mark = time.time()
    for p in stream.workers:
        p.terminate()


if __name__ == "__main__":
    main()
