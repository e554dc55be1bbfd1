"""What a node is called on this machine: everything that is left of one can be found by its directory alone."""

import hashlib
from pathlib import Path


def node_seed(directory: Path) -> int:
    """A number for this directory's node."""
    return int.from_bytes(hashlib.sha256(str(directory.resolve()).encode()).digest()[:4])


def node_name(directory: Path) -> str:
    """The name of the node, its network link and its cgroup, such as `edge-1a2b3c4d`: links have 15 characters."""
    return f"edge-{node_seed(directory):08x}"
