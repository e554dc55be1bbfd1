"""Watches a namespace's devices, as `kubectl get --watch` does: no transition is missed."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from e2e.cluster import wait
from e2e.cluster.checkout import kubectl_binary
from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied
from e2e.kubernetes import Kubernetes

COLUMNS = "NAME:.metadata.name,PHASE:.status.phase,REASON:.status.connectivity.reason"
OPEN_SECONDS = 30.0


@contextmanager
def nobody_offline(cluster: Kubernetes, namespace: str) -> Iterator[None]:
    """Watch for as long as the context lasts.

    Raises:
        HarnessError: a device was reported Offline that was not at the beginning, or the watch ended.
    """
    target = ("get", "edgedevices", "-n", namespace, "--watch", "--no-headers", "-o", f"custom-columns={COLUMNS}")
    command = tied([str(kubectl_binary()), f"--kubeconfig={cluster.kubeconfig}", *target])
    before = len(cluster.items("edgedevices", "-n", namespace))
    with (
        tempfile.NamedTemporaryFile("w") as told,
        subprocess.Popen(command, stdout=told, stderr=subprocess.PIPE, text=True) as watch,
    ):
        try:
            if not wait.until(lambda: len(_lines(told.name)) >= before, seconds=OPEN_SECONDS):
                raise HarnessError(f"kubectl {' '.join(target)} tells nothing")
            yield
            if watch.poll() is not None:
                said = watch.stderr.read().strip() if watch.stderr else ""
                raise HarnessError(f"kubectl {' '.join(target)} ended: {said}")
        finally:
            watch.terminate()
            watch.wait()
        offline = [line for line in _lines(told.name)[before:] if line.split()[1:2] == ["Offline"]]
    if offline:
        raise HarnessError(f"reported Offline although every device was connected: {'; '.join(offline)}")


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()
