"""What bench-peers prints and writes: the machine, and a table of medians and ratios."""
import json, platform, statistics, subprocess

from llama_cpp import run


def describe(root, binary, peer, threads, rounds):
    """Versions, processor and ceilings; a checkout that differs from its commit says so."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True).stdout.strip()
    dirty = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True).stdout.strip()
    report = json.loads(run([binary, "bench", "machine", "--rounds", 3, "--threads", threads, "--json"]))
    figures = {f"{row['benchmark']} {row.get('format', '')}".strip(): f"{row['median']:.1f} {row['unit']}" for row in report["rows"]}
    return {"commit": (head or "unknown") + ("+changes" if dirty else ""), "flotilla": report["version"], "isa": report["isa"],
            "peer": peer, "processor": report["processor"], "processors": report["processors"], "kernel": platform.release(),
            "rounds": rounds, "ceilings": figures}


def rows(results, peer):
    """One row a (shape, format, "ranks×threads", test), with the figures of every round."""
    found = []
    for (shape, form, threads, test), figures in results.items():
        row = {"shape": shape, "format": form, "ranks×threads": threads, "test": test, "unit": "tokens/s", **figures}
        if len(figures) == 2: row["ratio"] = statistics.median(figures["flotilla"]) / statistics.median(figures[peer])
        found.append(row)
    return found


def markdown(results, peer, machine):
    ceilings = ", ".join(f"{name} {value}" for name, value in machine["ceilings"].items())
    lines = [f"flotilla {machine['flotilla']} ({machine['commit']}, {machine['isa']}) and {machine['peer']}; "
             f"{machine['processors']} × {machine['processor']}, Linux {machine['kernel']}; {ceilings}; tokens/s, medians of "
             f"{machine['rounds']} rounds, lowest–highest in brackets.", "",
             f"| shape | format | ranks × threads | test | {peer} | flotilla | ratio |", "|---|---|---|---|---|---|---|"]
    for row in rows(results, peer):
        cells = [cell(row.get(name)) for name in (peer, "flotilla")]
        ratio = f"{row['ratio']:.2f}" if "ratio" in row else "–"
        place = [row[name] for name in ("shape", "format", "ranks×threads", "test")]
        lines.append(f"| {' | '.join([*place, *cells, ratio])} |")
    return "\n".join(lines)


def cell(values):
    if not values: return "–"
    spread = f" ({min(values):.1f}–{max(values):.1f})" if len(values) > 1 else ""
    return f"{statistics.median(values):.1f}{spread}"
