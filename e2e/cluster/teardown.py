"""Ends what was brought up under a directory and removes its state, whole or not, recorded or not."""

import shutil
from pathlib import Path

from e2e.cluster.controlplane import ALL, Say
from e2e.cluster.keeper import Keeper
from e2e.cluster.node import kernel, traces

GRACE_SECONDS = 3.0


def end_daemons(directory: Path, what: str, say: Say) -> None:
    """End the operator of the checkout, or another program beside the cluster."""
    ended = Keeper(directory, tied=False).end_strays(grace=GRACE_SECONDS)
    shutil.rmtree(directory, ignore_errors=True)
    if ended:
        say(f"{what} ended")


def end_cluster(directory: Path, say: Say) -> None:
    """End a node, a control plane, or what is left of them.

    Raises:
        HarnessError: a process of the node does not end.
    """
    keeper = Keeper(directory, tied=False)
    node = kernel.end_node(keeper)
    alive = [name for name in ALL if keeper.find(name)]
    # etcd, the first to start, is the last to end.
    keeper.end(*alive[1:], grace=GRACE_SECONDS)
    keeper.end(*ALL, grace=GRACE_SECONDS)
    strays = keeper.end_strays(grace=GRACE_SECONDS)
    traces.remove(directory)
    shutil.rmtree(directory, ignore_errors=True)
    ended = "node and control plane" if node else "control plane"
    say(f"{ended} ended ({len(alive)} daemons, {strays} unrecorded)")
