"""Everything of a node that could be left on a machine, looked for in every place there is."""

import os
import subprocess
from pathlib import Path

from e2e.cluster.node.cgroups import Hierarchies
from e2e.cluster.node.name import node_name
from e2e.cluster.processes import marked


def left_on_machine(cluster: Path, namespaces: frozenset[str] = frozenset()) -> dict[str, list[str]]:
    """What there is of the node of a directory, by kind; `namespaces` are those it had (`net:[…]`)."""
    name, path = node_name(cluster), str(cluster)
    found = {
        "mounts": [line for line in Path("/proc/self/mounts").read_text().splitlines() if path in line],
        "interfaces": [link.name for link in Path("/sys/class/net").iterdir() if link.name == name],
        "routes": [line for line in _output("ip", "route").splitlines() if name in line],
        "rules": [line for line in _output("iptables-save").splitlines() if "EDGE-" in line or "KUBE-" in line],
        "cgroups": [
            str(mount / name)
            for hierarchies in [Hierarchies.here()]
            for mount in (*hierarchies.v1, *hierarchies.v2)
            if (mount / name).exists()
        ],
        "processes": [f"{process.pid}" for process in marked(cluster)] + _processes(path),
        "namespaces": [one for one in _namespaces() if one in namespaces],
        "files": [path for path in ("/run/cni-addresses", "/run/netpol-enforces", "/run/tmp") if Path(path).exists()],
    }
    return {kind: things for kind, things in found.items() if things}


def namespaces_of(pid: int) -> frozenset[str]:
    """The namespaces of a process that are not this one's."""
    kinds = ("net", "mnt", "pid", "uts", "ipc")
    theirs, ours = ({str(Path(f"/proc/{one}/ns/{kind}").readlink()) for kind in kinds} for one in (pid, "self"))
    return frozenset(theirs - ours)


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def _entries() -> list[Path]:
    return [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _processes(path: str) -> list[str]:
    found = []
    for entry in _entries():
        try:
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        # The command under test names the directory too, but not a file in it.
        if f"{path}/" in command and int(entry.name) != os.getpid():
            found.append(command)
    return found


def _namespaces() -> set[str]:
    found = set()
    for entry in _entries():
        try:
            found |= {str(link.readlink()) for link in (entry / "ns").iterdir()}
        except OSError:
            continue
    return found
