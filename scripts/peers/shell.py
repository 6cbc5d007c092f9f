"""How bench-peers starts programs and what it says meanwhile."""
import pathlib, subprocess, sys


class Failed(Exception):
    """A command that ended with an error, or something that an engine cannot do: one line, and more of it in `detail`."""

    def __init__(self, text, detail=""):
        super().__init__(text)
        self.detail = detail


def run(command, **options):
    """Standard output of a command; `Failed` with the end of what it wrote when it ends with an error or not in time."""
    words = [str(word) for word in command]
    try: done = subprocess.run(words, capture_output=True, text=True, **options)
    except subprocess.TimeoutExpired as error: raise Failed(f"{short(words)} did not end within {error.timeout:g} s") from error
    if done.returncode:
        written = done.stderr.strip() or done.stdout.strip()
        raise Failed(f"{short(words)} ended with {done.returncode}: {last_line(written)}", f"{' '.join(words)}:\n{written[-2000:]}")
    return done.stdout


def short(words):
    """The program's name without its folder, of Python the script's or module's."""
    names = [pathlib.Path(word).name for word in words]
    if not names[0].startswith("python") or len(names) < 2: return names[0]
    return names[2] if names[1] == "-m" and len(names) > 2 else names[1]


def last_line(text):
    """The last line of an error's text that says something, shortened."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    # Of several lines the one with the error's name, as a program may say something more while it ends.
    named = [line for line in lines if line.startswith(("ERROR", "RuntimeError", "ValueError", "Exception", "AssertionError"))]
    return (named or lines or ["it said nothing"])[-1][:200]


def say(text): print(f"bench-peers: {text}", file=sys.stderr, flush=True)
