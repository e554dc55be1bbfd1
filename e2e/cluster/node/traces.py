"""Removes what a node left on the machine, found by its directory alone: also after a kill -9 of everything."""

import sys
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.cluster.node import link
from e2e.cluster.node.cgroups import Hierarchies
from e2e.cluster.node.name import node_name


def remove(directory: Path) -> None:
    """Remove link and cgroups of a directory's node after its processes have ended; fine if there are none.

    Mounts, other interfaces and packet filter rules were in namespaces that ended with the last process.

    Raises:
        HarnessError: a cgroup still has processes.
    """
    if sys.platform != "linux":
        return
    name = node_name(directory)
    link.remove(name)
    if left := Hierarchies.here().remove(name):
        raise HarnessError(f"processes of the node are still in {', '.join(map(str, left))}: `make down` again")
