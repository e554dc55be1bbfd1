"""Whether a node can be on this machine, found out by trying the parts in namespaces that are thrown away."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable

from e2e.cluster import packages
from e2e.cluster.errors import HarnessError
from e2e.cluster.node.cgroups import Hierarchies
from e2e.cluster.packages import SYSTEM_PATH

TRIAL_SECONDS = 20.0
# Every kind of thing the node does: mounts, a proc of its own, cables, a bridge, packet filter rules.
TRIAL = """\
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
ip link add trial-a type veth peer name trial-b
ip link add trial-c type bridge
iptables -t mangle -A FORWARD -m conntrack --ctstate ESTABLISHED -j RETURN
iptables -t nat -A OUTPUT -m comment --comment trial -m statistic --mode random --probability 0.5 -j RETURN
test -e /proc/sys/net/bridge/bridge-nf-call-iptables || { echo 'no kernel module br_netfilter' >&2; exit 1; }
"""
MODULES = ("overlay", "br_netfilter", "veth", "nf_conntrack")


def prepare(say: Callable[[str], object], *, building: bool) -> str | None:
    """Make this machine ready for a node: install what is missing and try everything out.

    Args:
        say: receives a line about each step that takes long.
        building: whether programs have to be compiled.

    Returns:
        Why there can be no node here, in words that follow "because"; None if there can.
    """
    if sys.platform != "linux":
        return f"it needs Linux, this is {sys.platform}"
    if os.geteuid() != 0:
        return "it needs root"
    lacking = packages.missing(building=building)
    if lacking and not shutil.which("apt-get", path=SYSTEM_PATH):
        return f"it needs {', '.join(one.what for one in lacking)}, and there is no apt-get to install that"
    try:
        packages.install(lacking, say)
    except HarnessError as error:
        return str(error).splitlines()[0]
    return _trial()


def _trial() -> str | None:
    _load_modules()
    name = f"edge-trial-{os.getpid()}"
    try:
        Hierarchies.here().create(name)
    except HarnessError as error:
        return str(error)
    finally:
        Hierarchies.here().remove(name)
    namespaces = ("--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc")
    try:
        tried = subprocess.run(
            ["unshare", *namespaces, "/bin/sh", "-c", TRIAL],
            env={"PATH": SYSTEM_PATH},
            capture_output=True,
            text=True,
            timeout=TRIAL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"namespaces and a bridge could not be made within {TRIAL_SECONDS:.0f} s"
    return None if tried.returncode == 0 else f"this machine does not let it: {tried.stderr.strip()}"


def _load_modules() -> None:
    # Built into many kernels; whether what they give is there is seen in the trial.
    if modprobe := shutil.which("modprobe", path=SYSTEM_PATH):
        subprocess.run([modprobe, "--all", "--quiet", *MODULES], capture_output=True, check=False, timeout=60)
