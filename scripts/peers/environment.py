"""A Python environment for one engine, below the directory in which everything is kept."""
import json, pathlib, venv

from shell import Failed, run, say

INSIDE = pathlib.Path(__file__).resolve().parent / "inside"


class Environment:
    """Packages of PyPI that see nothing of the other engines' packages."""

    def __init__(self, directory, name, packages, without=()):
        """`without` names packages that come along and are removed again."""
        self.name, self.packages, self.without = name, packages, without
        self.path = directory / f"environment-{name}"
        self.python = self.path / "bin/python"
        self.done = self.path / "installed.json"

    def prepare(self):
        """Installs what is not installed yet; `Failed` in one line if that cannot be."""
        if self.done.exists() and json.loads(self.done.read_text()) == self.packages: return
        say(f"installing {', '.join(self.packages)} in {self.path}")
        venv.create(self.path, with_pip=True)
        try:
            self.pip("install", "-q", *self.packages)
            if self.without: self.pip("uninstall", "-q", "-y", *self.without)
        except Failed as error: raise Failed(f"{self.name} does not install here: {str(error).split(': ', 1)[-1]}", error.detail) from error
        self.done.write_text(json.dumps(self.packages))

    def pip(self, *words): run([self.python, "-m", "pip", *words], timeout=3600)

    def version(self, package):
        return run([self.python, "-c", f"import importlib.metadata as m; print(m.version({package!r}))"]).strip()

    def figures(self, program, model, threads, test, workload, *options, variables=None):
        """What a program of the folder `inside` measures with this environment's packages: names and tokens a second."""
        written = run([self.python, INSIDE / program, model, "--threads", threads, "--test", test, *workload.words(), *options],
                      timeout=3600, env=variables)
        # Libraries write lines of their own to the same place.
        lines = [line for line in written.splitlines() if line.startswith("{")]
        if not lines: raise Failed(f"{program} printed no figures", written[-2000:])
        return json.loads(lines[-1])
