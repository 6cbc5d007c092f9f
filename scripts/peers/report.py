"""What bench-peers writes and prints: the machine, the figures of every round, and a table of medians and ratios.

A report is {"machine": …, "rows": …}, as --json writes it. A row has shape, format, "ranks×threads" and test, a list of figures
for every program that was measured, `best`, the peer with the highest median, and `ratio`, our median against that one's.
"""
import json, platform, statistics, subprocess

from shell import Failed, run

PLACE = ["shape", "format", "ranks×threads", "test"]


def describe(root, binary, threads, rounds, peers, left_out, formats):
    """Versions, processor and ceilings; a checkout that differs from its commit says so."""
    head = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=root, capture_output=True, text=True).stdout.strip()
    dirty = subprocess.run(["git", "status", "--porcelain"], cwd=root, capture_output=True, text=True).stdout.strip()
    report = json.loads(run([binary, "bench", "machine", "--rounds", 3, "--threads", threads, "--json"]))
    figures = {f"{row['benchmark']} {row.get('format', '')}".strip(): f"{row['median']:.1f} {row['unit']}" for row in report["rows"]}
    return {"commit": (head or "unknown") + ("+changes" if dirty else ""), "flotilla": report["version"], "isa": report["isa"],
            "peer": ", ".join(f"{name} {version}" for name, version in peers.items()), "peers": peers, "formats": formats,
            "left_out": left_out, "processor": report["processor"], "processors": report["processors"], "kernel": platform.release(),
            "rounds": rounds, "ceilings": figures}


def read(path):
    """What --json has written."""
    try: found = json.loads(path.read_text())
    except (OSError, ValueError) as error: raise Failed(f"{path} cannot be read: {error}", "--tables takes files that --json has written") from None
    if not isinstance(found, dict) or "peers" not in found.get("machine", {}): raise Failed(f"{path} is of another version", "measure it again with --json")
    return found


def rows(results, peers):
    """One row a (shape, format, "ranks×threads", test) of {that: {program: figures of every round}}."""
    return [row(dict(zip(PLACE, place)), figures, peers) for place, figures in results.items()]


def row(place, figures, peers):
    found = {**place, "unit": "tokens/s", **figures}
    measured = [name for name in peers if figures.get(name)]
    if measured: found["best"] = max(measured, key=lambda name: statistics.median(figures[name]))
    if measured and figures.get("flotilla"):
        found["ratio"] = statistics.median(figures["flotilla"]) / statistics.median(figures[found["best"]])
    return found


def merged(reports):
    """One report a kind of processor: rows of the same place have the rounds of all, in the order in which they come."""
    kinds = {}
    for report in reports: kinds.setdefault((report["machine"]["processor"], report["machine"]["isa"]), []).append(report)
    return [joined(kind) for kind in kinds.values()]


def joined(reports):
    machines = [report["machine"] for report in reports]
    peers, results = {}, {}
    for machine in machines: peers.update(machine["peers"])
    for report in reports:
        for one in report["rows"]:
            figures = results.setdefault(tuple(one[name] for name in PLACE), {})
            for name in [*peers, "flotilla"]:
                if one.get(name): figures.setdefault(name, []).extend(one[name])
    machine = {**machines[0], "peers": peers, "peer": ", ".join(f"{name} {version}" for name, version in peers.items())}
    machine["commit"] = ", ".join(dict.fromkeys(machine["commit"] for machine in machines))
    machine["rounds"] = max(len(values) for figures in results.values() for values in figures.values()) if results else 0
    for name in ("left_out", "formats"): machine[name] = {key: text for each in machines for key, text in each[name].items()}
    return {"machine": machine, "rows": rows(results, peers)}


def markdown(report):
    """With one peer its figures and ours; with several ours, and the best peer's by name. The report has all of them."""
    machine, several = report["machine"], len(report["machine"]["peers"]) > 1
    ceilings = ", ".join(f"{name} {value}" for name, value in machine["ceilings"].items())
    names = ["flotilla", "best peer"] if several else [*machine["peers"], "flotilla"]
    lines = [f"flotilla {machine['flotilla']} ({machine['commit']}, {machine['isa']}) and {machine['peer']}; "
             f"{machine['processors']} × {machine['processor']}, Linux {machine['kernel']}; {ceilings}; tokens/s, medians of "
             f"{machine['rounds']} rounds, lowest–highest in brackets.", "",
             f"| shape | format | ranks × threads | test | {' | '.join(names)} | ratio |", "|---" * (5 + len(names)) + "|"]
    for one in report["rows"]:
        best = f"{one['best']} {cell(one[one['best']])}" if "best" in one else "–"
        cells = [cell(one.get("flotilla")), best] if several else [cell(one.get(name)) for name in names]
        ratio = f"{one['ratio']:.2f}" if "ratio" in one else "–"
        lines.append(f"| {' | '.join([*[one[name] for name in PLACE], *cells, ratio])} |")
    if machine["left_out"]: lines += ["", *[f"Left out: {name}: {why}." for name, why in machine["left_out"].items()]]
    return "\n".join(lines)


def cell(values):
    if not values: return "–"
    spread = f" ({min(values):.1f}–{max(values):.1f})" if len(values) > 1 else ""
    return f"{statistics.median(values):.1f}{spread}"
