"""The command line of bench-peers."""
import argparse, os, pathlib

from shapes import SHAPES
from workload import FORMATS, TESTS, Workload

PEERS = ["llama.cpp", "openvino", "openvino-ir", "ik", "vllm", "ort"]
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")


def words(choices, everything=None):
    """A list with commas of some of the choices; one word may stand for all."""
    def parse(text):
        found = [word.strip() for word in text.split(",") if word.strip()]
        if everything and found == [everything]: return list(choices)
        odd = [word for word in found if word not in choices]
        if odd or not found: raise argparse.ArgumentTypeError(f"{text!r}: expected some of {', '.join(choices)}")
        return list(dict.fromkeys(found))
    return parse


def numbers(text):
    try: found = [int(word) for word in text.split(",")]
    except ValueError: raise argparse.ArgumentTypeError(f"{text!r}: expected numbers such as 1,2") from None
    if min(found) < 1: raise argparse.ArgumentTypeError(f"{text!r}: expected 1 or more")
    return found


def parsed(description, given=None):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dir", type=pathlib.Path, default=CACHE / "flotilla/peers", help="where everything is made and kept")
    parser.add_argument("--peers", type=words(PEERS, "all"), help=f"{', '.join(PEERS)}, or all (default: {PEERS[0]})")
    parser.add_argument("--shapes", type=words(list(SHAPES)), default=["2b"], help="2b, 8b, or tiny to try everything in minutes")
    parser.add_argument("--formats", type=words(FORMATS), default=["native", "bf16", "q8", "q4"])
    parser.add_argument("--threads", type=numbers, default=[1, 2])
    parser.add_argument("--tests", type=words(TESTS), default=TESTS)
    parser.add_argument("--batches", type=numbers, default=list(Workload.batches), help="sequences side by side")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes that compile")
    parser.add_argument("--json", type=pathlib.Path, help="write every figure of every round to this file")
    parser.add_argument("--prepare", action="store_true", help="install and write what is missing, and measure nothing")
    parser.add_argument("--tables", type=pathlib.Path, nargs="+", metavar="FILE", help="print tables of such files and measure nothing")
    parser.add_argument("--llama", default="0.3.36", help="the version of llama-cpp-python")
    parser.add_argument("--binary", help="flotilla's executable; by default it is built")
    parser.add_argument("--dllama", type=pathlib.Path, help="distributed-llama's executable, to compare with it instead")
    parser.add_argument("--models", default="", help="checkpoints that are there already, such as 2b=DIR,2b-q8=DIR")
    parser.add_argument("--self-test", action="store_true", help="check the rules of the tables and measure nothing")
    args = parser.parse_args(given)
    if args.rounds < 1: parser.error("--rounds must be 1 or more")
    if args.json and not args.json.resolve().parent.is_dir(): parser.error(f"--json {args.json}: there is no such folder")
    if odd := [word for word in args.models.split(",") if word and "=" not in word]: parser.error(f"--models {odd[0]}: expected NAME=DIR")
    if args.dllama: check_dllama(parser, args)
    args.peers = args.peers or PEERS[:1]
    args.dir = args.dir.resolve()
    args.models = dict(word.split("=", 1) for word in args.models.split(",") if word)
    args.workload = Workload(batches=tuple(args.batches))
    return args


def check_dllama(parser, args):
    args.dllama = args.dllama.resolve()
    if not (args.dllama.is_file() and os.access(args.dllama, os.X_OK)): parser.error(f"--dllama {args.dllama}: no executable file")
    if not {1, 2, 4, 8}.issuperset(args.threads): parser.error("--threads with --dllama: it runs on 1, 2, 4 or 8 nodes")
    if args.peers: parser.error("--peers with --dllama: distributed-llama is compared with alone")
    if "tiny" in args.shapes: parser.error("--shapes tiny with --dllama: its tokenizer has the published vocabulary")
