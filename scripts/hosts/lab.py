"""Hosts on one machine for measuring: `cluster/netlab`, and two ranks that mpirun starts there."""
import json, os, pathlib, subprocess, sys

root = pathlib.Path(__file__).resolve().parent.parent.parent
netlab = root / "cluster/netlab"


class Lab:
    """Hosts with the given options of netlab; `None` in place of options is this machine as one host."""

    def __init__(self, name, options, count=2):
        self.name, self.options, self.count, self.hosts = name, options, count, None

    def __enter__(self):
        if self.options is not None:
            words = [netlab, "up", str(self.count), "--ssh", "--while", str(os.getpid()), *self.options]
            done = subprocess.run(words, env=self.environment, check=True, stdout=subprocess.PIPE, text=True)
            self.hosts = done.stdout.split()[-1]
        return self

    def __exit__(self, *_):
        if self.hosts: subprocess.run([netlab, "down"], env=self.environment, check=True)

    @property
    def environment(self):
        return {**os.environ, "FLOTILLA_NETLAB": f"measure-{self.name}-{os.getpid()}", "OMPI_ALLOW_RUN_AS_ROOT": "1",
                "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}

    def switch_seconds(self):
        """Processor time that the lab's own switch has used."""
        if not self.options: return 0.0
        stats = subprocess.run([netlab, "stats"], env=self.environment, check=True, stdout=subprocess.PIPE, text=True)
        return json.loads(stats.stdout)["cpu_seconds"]

    def bind(self):
        """Keeps what mpirun starts on each host on a processor of its own."""
        for index in range(self.count):
            pid = (pathlib.Path(self.hosts).parent / f"host{index + 1}/sshd.pid").read_text().strip()
            subprocess.run(["taskset", "-cp", str(index), pid], check=True, stdout=subprocess.DEVNULL)

    def mpirun(self, words, mca=()):
        """What the first of two ranks prints, one a host, each on a processor of its own."""
        # Left to themselves, both hosts would take the machine's first processor.
        bound = ["sh", "-c", 'exec taskset -c "$OMPI_COMM_WORLD_RANK" "$@"', "sh"]
        line = ["mpirun", "-np", "2", "--bind-to", "none", "--mca", "mpi_yield_when_idle", "1", *mca]
        if self.hosts:
            line = [netlab, "exec", "1", *line, "--hostfile", self.hosts, "--map-by", "node", "--mca", "btl", "self,tcp",
                    "--mca", "btl_tcp_if_include", "eth0", "--mca", "oob_tcp_if_include", "eth0"]
        return run([*line, *bound, *words], self.environment)


def run(words, environment=None):
    done = subprocess.run([str(word) for word in words], env=environment, stdout=subprocess.PIPE, text=True, timeout=500)
    if done.returncode: sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {' '.join(map(str, words))} ended with {done.returncode}")
    return done.stdout
