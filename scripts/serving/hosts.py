"""Several hosts of one machine (cluster/netlab), a server on them, and what can happen to a host."""
import os, signal, subprocess, threading, time

from client import ROOT, Server, program

NETLAB = str(ROOT / "cluster/netlab")


class Lab:
    """Hosts node1 … nodeN with an sshd each, until this process ends."""

    def __init__(self, count):
        os.environ["FLOTILLA_NETLAB"] = f"faults-{os.getpid()}"
        up = subprocess.run([NETLAB, "up", str(count), "--ssh", "--while", str(os.getpid())], capture_output=True, text=True)
        if up.returncode: raise SystemExit(up.stderr)
        self.hostfile = up.stdout.split()[-1]

    def call(self, *words): subprocess.run([NETLAB, *words], check=True, capture_output=True)
    def down(self): self.call("down")


class HostsServer(Server):
    """A server on the first host of a lab, with ranks on all of them."""

    def __init__(self, lab, model, *options):
        self.lab = lab
        super().__init__(model, *options, "--hostfile", lab.hostfile, command=[NETLAB, "exec", "1", program()])

    def rank_on(self, host):
        """The pid of the first rank on a host."""
        return next(r["pid"] for r in self.ranks() if r["host"] == f"node{host}")

    def hosts(self): return {r["host"] for r in self.ranks()}


def arguments(pid):
    try: return open(f"/proc/{pid}/cmdline").read().split("\0")
    except OSError: return []


def parent(pid): return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(word) for word in found.stdout.split()]


def daemon(server, host):
    """The pid of Open MPI's daemon on a host: who started the rank there."""
    return parent(server.rank_on(host))


def session(server, host):
    """The pid of the ssh by which mpirun has started the daemon on a host, where it is still there."""
    for pid in children(server.launcher()):
        if arguments(pid)[0].endswith("ssh") and f"node{host}" in arguments(pid): return pid
    raise SystemExit(f"mpirun holds no ssh session to node{host}")


def on_host(server, host):
    """Every process of a host, but the one that is the host."""
    network = os.readlink(f"/proc/{server.rank_on(host)}/ns/net")
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/ns/net") == network and not arguments(pid)[0].startswith("netlab-"): found.append(int(pid))
        except (OSError, IndexError): pass
    return found


def stop_for(seconds, pids):
    """Stops processes, and lets them go on later."""
    def signal_all(number):
        for pid in pids:
            try: os.kill(pid, number)
            except ProcessLookupError: pass
    signal_all(signal.SIGSTOP)
    timer = threading.Timer(seconds, signal_all, [signal.SIGCONT])
    timer.start()
    return timer


def faults(server):
    """What happens to host 3, which has a rank: by name, how it begins, and what ends it."""
    lab, kill = server.lab, lambda pid: os.kill(pid, signal.SIGKILL)
    stopped = {}

    def stop(seconds): stopped["timer"] = stop_for(seconds, on_host(server, 3))

    return {
        "SIGKILL of a decoder rank": (lambda: kill(server.rank_on(3)), None),
        "SIGKILL of a host's orted": (lambda: kill(daemon(server, 3)), None),
        "SIGKILL of the ssh session to a host": (lambda: kill(session(server, 3)), None),
        "SIGKILL of mpirun": (lambda: kill(server.launcher()), None),
        "a host is cut, and joined when the answers have ended": (lambda: lab.call("cut", "3"), lambda: lab.call("join", "3")),
        "a host stands still for 2 s": (lambda: stop(2), lambda: stopped["timer"].join()),
        "a host stands still for 10 s": (lambda: stop(10), lambda: stopped["timer"].join()),
    }
