"""PID 1 of a node: mounts what is the node's own, starts its programs and starts them again when they end.

Run as `init.py ORDERS` in fresh net, mount, uts, ipc and pid namespaces; standard library only. The file ORDERS
is waited for. When this process ends, everything in the node ends with it.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.05
# A program that ends at once must not keep the machine busy.
RESTART_SECONDS = 1.0
HIDDEN = ("/var", "/run")


@dataclass(frozen=True)
class Program:
    """One program of the node. `late`: it is started when the file `joined` is there."""

    name: str
    command: tuple[str, ...]
    late: bool = False


@dataclass(frozen=True)
class Orders:
    """The orders of `node.py`.

    hostname: the node's.
    files: the node's files; `var` in it becomes /var, `sysctl/a.b` is seen as /proc/sys/a/b.
    joined: the file that exists once the API server answers.
    logs: the directory of the programs' logs.
    kept: directories that stay visible where /var or /run would hide them.
    environment: of all programs.
    programs: in the order they are started.
    """

    hostname: str
    files: str
    joined: str
    logs: str
    kept: tuple[str, ...]
    environment: dict[str, str]
    programs: tuple[Program, ...]

    @classmethod
    def parse(cls, text: str) -> "Orders":
        """From JSON."""
        fields = json.loads(text)
        programs = tuple(
            Program(one["name"], tuple(one["command"]), late=one["late"]) for one in fields.pop("programs")
        )
        return cls(**{**fields, "kept": tuple(fields["kept"]), "programs": programs})


def _mount(*arguments: str, descriptors: tuple[int, ...] = ()) -> None:
    subprocess.run(["mount", *arguments], check=True, pass_fds=descriptors, timeout=60)


def is_hidden(path: str) -> bool:
    """Whether the node's own /var or /run would be in front of it."""
    return any(Path(path).is_relative_to(top) for top in HIDDEN)


def _mount_all(orders: Orders) -> None:
    kept = {path: os.open(path, os.O_PATH) for path in orders.kept if is_hidden(path)}
    _mount("--make-rshared", "/")
    _mount("--bind", f"{orders.files}/var", "/var")
    _mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", "/run")
    for directory in ("/run/lock", "/run/netns", "/run/tmp"):
        Path(directory).mkdir()
    for path, descriptor in kept.items():
        Path(path).mkdir(parents=True, exist_ok=True)
        # By the descriptor, and not canonicalized: the path itself leads below the new mount now.
        _mount("--no-canonicalize", "--bind", f"/proc/self/fd/{descriptor}", path, descriptors=(descriptor,))
        os.close(descriptor)
    # No name server: a pull from outside fails at once. A dangling link has the same effect.
    if Path("/etc/resolv.conf").exists():
        _mount("--bind", f"{orders.files}/resolv.conf", "/etc/resolv.conf")
    # The kubelet insists on values of settings that are the whole machine's: it gets files of its own.
    for file in sorted(Path(orders.files, "sysctl").iterdir()):
        target = Path("/proc/sys", *file.name.split("."))
        if target.exists():
            _mount("--bind", str(file), str(target))


def _set_network() -> None:
    for name, value in (
        ("net/ipv4/ip_forward", "1"),
        ("net/ipv4/conf/all/rp_filter", "0"),
        # Packets between two pods cross the bridge only: without this no policy would see them.
        ("net/bridge/bridge-nf-call-iptables", "1"),
    ):
        Path("/proc/sys", name).write_text(value)
    # Pods have link-local IPv6 addresses, which no policy is about: nothing is forwarded by them.
    bridged = Path("/proc/sys/net/bridge/bridge-nf-call-ip6tables")
    if bridged.exists():
        bridged.write_text("1")
        subprocess.run(["ip6tables", "-P", "FORWARD", "DROP"], check=False, timeout=60)


def _start(program: Program, orders: Orders) -> int:
    log = f"{orders.logs}/{program.name}.log"
    appended = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    return os.posix_spawnp(
        program.command[0],
        program.command,
        orders.environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, appended, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
        setsigmask=[],
    )


def _reap() -> list[tuple[int, int]]:
    ended: list[tuple[int, int]] = []
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended.append((pid, os.waitstatus_to_exitcode(status)))


def supervise(orders: Orders) -> None:
    """Start programs, reap, start again; ends with SIGTERM only."""
    running: dict[int, Program] = {}
    waiting = dict.fromkeys(orders.programs, 0.0)
    while True:
        joined = Path(orders.joined).exists()
        now = time.monotonic()
        for program in [one for one, due in waiting.items() if due <= now and (joined or not one.late)]:
            del waiting[program]
            running[_start(program, orders)] = program
        received = signal.sigtimedwait([signal.SIGCHLD, signal.SIGTERM], POLL_SECONDS if waiting else 60.0)
        if received and received.si_signo == signal.SIGTERM:
            return
        # Orphans of any container come here too.
        for pid, code in _reap():
            if pid in running:
                program = running.pop(pid)
                print(f"{program.name} ended with {code}; starting it again", flush=True)
                waiting[program] = time.monotonic() + RESTART_SECONDS


def main(path: Path) -> None:
    """Wait for the orders and follow them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD, signal.SIGTERM])
    while not path.exists():
        if signal.sigtimedwait([signal.SIGTERM], POLL_SECONDS):
            return
    orders = Orders.parse(path.read_text())
    os.environ["PATH"] = orders.environment["PATH"]
    socket.sethostname(orders.hostname)
    _mount_all(orders)
    _set_network()
    supervise(orders)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
