"""The process that is the node: fresh namespaces with `init.py` as their PID 1."""

import json
import os
import resource
import sys
import uuid
from dataclasses import asdict
from pathlib import Path

from e2e.cluster import packages, wait
from e2e.cluster.checkout import ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.files import write_atomically
from e2e.cluster.keeper import Keeper
from e2e.cluster.node import config, init
from e2e.cluster.node.init import Orders, Program
from e2e.cluster.node.layout import SOCKET, Layout
from e2e.cluster.node.network import Network
from e2e.cluster.node.programs import Programs
from e2e.cluster.packages import SYSTEM_PATH
from e2e.cluster.processes import Process, end

NODE = "node"
NAMESPACES = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc")
START_SECONDS = 10.0
NETPOL_READY = "/run/netpol-enforces"
# Settings of the whole machine that the kubelet wants like this; it sees files of the node's own in their place.
SYSCTLS = {
    "vm.overcommit_memory": "1",
    "vm.panic_on_oom": "0",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "kernel.keys.root_maxkeys": "1000000",
    "kernel.keys.root_maxbytes": "25000000",
}


def spawn(keeper: Keeper, layout: Layout) -> Process:
    """Start PID 1 in its namespaces, where it waits for its orders; the process as this machine sees it.

    Raises:
        HarnessError: it ended at once.
    """
    for old in (layout.orders, layout.joined):
        old.unlink(missing_ok=True)
    first = [sys.executable, "-I", "-S", init.__file__, str(layout.orders)]
    keeper.start(NODE, [packages.program("unshare"), *NAMESPACES, *first])
    wait.until(lambda: find(keeper) is not None or keeper.find(NODE) is None, seconds=START_SECONDS)
    if process := find(keeper):
        return process
    raise HarnessError(f"the node ended as it began; {keeper.log(NODE)} says:\n{keeper.log_tail(NODE)}")


def find(keeper: Keeper) -> Process | None:
    """PID 1 of the node if it runs; the recorded process is its parent."""
    parent = keeper.find(NODE)
    if not parent:
        return None
    try:
        children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
    except OSError:
        return None
    found = Process.of(int(children[0])) if children else None
    return found if found and found.alive else None


def end_node(keeper: Keeper) -> bool:
    """Kill PID 1, and with it everything in the node; return whether it ran."""
    init = find(keeper)
    if init:
        end([init], grace=0)
    keeper.end(NODE, grace=0)
    return init is not None


def order(layout: Layout, programs: Programs, network: Network, name: str, server: str) -> None:
    """Write the node's configuration, then the orders that PID 1 waits for."""
    _make_directories(layout)
    write_atomically(layout.boot_id, f"{uuid.uuid4()}\n", mode=0o444)
    for setting, value in SYSCTLS.items():
        write_atomically(layout.boot_id.with_name(setting), f"{value}\n", mode=0o644)
    write_atomically(layout.file("resolv.conf"), "options edns0\n", mode=0o644)
    write_atomically(layout.file("cni") / "10-pods.conflist", config.bridge(network))
    snapshotter = "overlayfs" if _overlay_works(layout) else "native"
    write_atomically(
        layout.file("containerd.toml"), config.containerd(layout, programs.runc, programs.cni, snapshotter)
    )
    open_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    write_atomically(layout.file("kubelet.yaml"), config.kubelet(layout, network, name, open_files))
    write_atomically(layout.file("proxy.yaml"), config.proxy(layout, network))
    orders = _orders(layout, programs, network, name, server)
    write_atomically(layout.orders, json.dumps(asdict(orders), indent=1))


def _make_directories(layout: Layout) -> None:
    for part in ("lib", "log", "tmp", "cache"):
        (layout.var / part).mkdir(parents=True, exist_ok=True)
    (layout.var / "tmp").chmod(0o1777)
    if not (layout.var / "run").is_symlink():
        (layout.var / "run").symlink_to("/run")


def _overlay_works(layout: Layout) -> bool:
    # An overlay cannot lie on another: a checkout inside of a container has one below.
    return _file_system(layout.directory) != "overlay"


def _file_system(path: Path) -> str:
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    above = [(len(fields[1]), fields[2]) for fields in mounts if path.is_relative_to(fields[1])]
    return max(above)[1]


def _orders(layout: Layout, programs: Programs, network: Network, name: str, server: str) -> Orders:
    kube = str(programs.kube)
    agent = [sys.executable, "-S", "-P", "-u", "-m", "e2e.cluster.node.netpol.agent"]
    credentials = (layout.pki(file) for file in ("ca.crt", "netpol.crt", "netpol.key"))
    kubelet = [kube, "kubelet", f"--config={layout.file('kubelet.yaml')}", f"--hostname-override={name}"]
    kubelet += [f"--kubeconfig={layout.kubeconfig('kubelet')}", f"--node-ip={network.node}"]
    proxy = [kube, "kube-proxy", f"--config={layout.file('proxy.yaml')}", f"--hostname-override={name}"]
    path = os.pathsep.join([str(programs.containerd), str(programs.runc.parent), SYSTEM_PATH])
    return Orders(
        hostname=name,
        files=str(layout.files),
        joined=str(layout.joined),
        logs=str(layout.directory / "log"),
        kept=tuple(map(str, (layout.directory, programs.cache, ROOT, Path(sys.prefix), Path(sys.base_prefix)))),
        environment={
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": path,
            "TMPDIR": "/run/tmp",
            "HOME": "/run",
            "PYTHONPATH": str(ROOT),
        },
        programs=(
            Program("containerd", ("containerd", "-c", str(layout.file("containerd.toml")))),
            Program("kubelet", tuple(kubelet), late=True),
            Program("kube-proxy", tuple(proxy), late=True),
            Program(
                "netpol", (*agent, server.removeprefix("https://"), *map(str, credentials), NETPOL_READY), late=True
            ),
        ),
    )


def seen_from_here(process: Process, path: str) -> Path:
    """A file in the node's own mount namespace."""
    return Path(f"/proc/{process.pid}/root{path}")


def socket(process: Process) -> Path:
    """Containerd's socket."""
    return seen_from_here(process, SOCKET)
