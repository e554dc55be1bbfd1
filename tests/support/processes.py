"""Operator processes under test: real ones, under the operator's own RBAC."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import kubectl_for
from e2e.cluster.service_account import service_account_kubeconfig
from tests.support.child import HOST, START_SECONDS, Child

OPERATOR_USER = "system:serviceaccount:edge-system:edge-operator"


def eventually(what: str, holds: Callable[[], Any], seconds: float = 20.0, pause: float = 0.1) -> Any:
    """Return the first true answer of `holds`; fail with `what` and the last answer if none comes in time."""
    end = time.monotonic() + seconds
    while True:
        answer = holds()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what}; last answer: {answer!r}")
        time.sleep(pause)


@dataclass
class OperatorProcess(Child):
    """One operator process.

    Attributes:
        plane: the control plane that it works on.
        kubeconfig: of the user that it runs as.
        directory: where its log goes.
        settings: environment variables beside KUBECONFIG.
    """

    listening = "probes and metrics on port ([0-9]+)"

    plane: ControlPlane
    kubeconfig: Path
    directory: Path
    settings: Mapping[str, str]

    def command(self) -> list[str]:
        """Return what is run."""
        return [sys.executable, "-m", "edge_operator"]

    def variables(self) -> dict[str, str]:
        """Return its whole environment."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "KUBECONFIG": str(self.kubeconfig),
            "EDGE_PROBE_HOST": HOST,
            "EDGE_PROBE_PORT": "0",
            **self.settings,
        }

    @property
    def log(self) -> Path:
        """What it logged, over all its starts."""
        return self.directory / f"operator-{self.settings['EDGE_IDENTITY']}.log"

    def await_ready(self) -> "OperatorProcess":
        """Return once it is ready."""
        eventually(f"{self.log} ready", lambda: self.port and self.get("/readyz")[0] == 200, START_SECONDS)
        return self

    def await_leading(self) -> "OperatorProcess":
        """Return once it is ready and leads."""
        self.await_ready()
        eventually("leads", lambda: self.metric("edge_leader") == 1.0, START_SECONDS)
        return self


class OperatorFactory:
    """Makes operator processes for one test module and ends them all.

    Args:
        plane: the control plane that they work on.
        directory: where logs and kubeconfigs go.
        namespaces: what they watch; everything if empty.
        lease: name of the Lease that they share.
    """

    def __init__(self, plane: ControlPlane, directory: Path, namespaces: str, lease: str) -> None:
        self._plane = plane
        self._directory = directory
        self._kubeconfig = directory / "operator.kubeconfig"
        self._kubectl = kubectl_for(plane)
        config = service_account_kubeconfig(lambda *words: self._kubectl(*words).stdout, "edge-system", "edge-operator")
        self._kubeconfig.write_text(config)
        self._lease = lease
        self._leases = 0
        self._settings = {"EDGE_WATCH_NAMESPACES": namespaces, "EDGE_LEASE_NAME": lease}
        self._make_lease(lease)
        self._made: list[OperatorProcess] = []

    def __call__(self, **settings: str) -> OperatorProcess:
        """Return a new process, not started; `settings` are environment variables."""
        identity = f"op-{len(self._made)}"
        operator = OperatorProcess(
            self._plane, self._kubeconfig, self._directory, {**self._settings, "EDGE_IDENTITY": identity, **settings}
        )
        self._made.append(operator)
        return operator

    def renew_lease(self) -> None:
        """Have the operators that are made from now on share another Lease, that nobody holds.

        For a test that needs an operator after one was killed: who tests the takeover waits for the old one instead.
        """
        self._leases += 1
        name = f"{self._lease}-{self._leases}"
        self._make_lease(name)
        self._settings["EDGE_LEASE_NAME"] = name

    def _make_lease(self, name: str) -> None:
        self._kubectl("apply", "-f", "-", stdin=json.dumps(_lease(name)))

    def end_all(self) -> None:
        """End every process that still runs."""
        for operator in self._made:
            operator.kill()


def _lease(name: str) -> dict[str, Any]:
    """Return a Lease as a leader leaves it when it ends: a new one would delay the first leader by five seconds."""
    metadata = {"name": name, "namespace": "edge-system"}
    spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": "2026-01-01T00:00:00.000000Z"}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}


@contextmanager
def operators(plane: ControlPlane, directory: Path, namespaces: str, lease: str) -> Iterator[OperatorFactory]:
    """Make processes that are ended at the end."""
    factory = OperatorFactory(plane, directory, namespaces, lease)
    try:
        yield factory
    finally:
        factory.end_all()
