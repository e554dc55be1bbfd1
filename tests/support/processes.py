"""Operator processes under test: real ones, under the operator's own RBAC."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGTERM, Signals
from typing import Any

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import kubectl_for
from e2e.cluster.service_account import service_account_kubeconfig

OPERATOR_USER = "system:serviceaccount:edge-system:edge-operator"
START_SECONDS = 30.0
END_SECONDS = 15.0


def eventually(what: str, holds: Callable[[], Any], seconds: float = 20.0, pause: float = 0.05) -> Any:
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
class OperatorProcess:
    """One operator process.

    Attributes:
        plane: the control plane that it works on.
        kubeconfig: as whom.
        directory: where its log goes.
        settings: environment variables beside KUBECONFIG.
    """

    plane: ControlPlane
    kubeconfig: Path
    directory: Path
    settings: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def log(self) -> Path:
        """Its log."""
        return self.directory / f"operator-{self.settings['EDGE_IDENTITY']}.log"

    def start(self) -> "OperatorProcess":
        """Start it; returns at once."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.directory),
            "KUBECONFIG": str(self.kubeconfig),
            "EDGE_PROBE_HOST": "127.0.0.1",
            "EDGE_PROBE_PORT": "0",
            **self.settings,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "edge_operator"], env=environment, stdout=log, stderr=log
            )
        return self

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process is not None
        return self.process.pid

    def signal(self, signum: Signals) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(signum)

    def stop(self) -> int:
        """End it in good order and return its exit code."""
        return self._end(SIGTERM)

    def kill(self) -> int:
        """End it as a power cut would."""
        return self._end(SIGKILL)

    def _end(self, signum: Signals) -> int:
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(SIGCONT)
            self.process.send_signal(signum)
        code = self.process.wait(END_SECONDS)
        self.process = None
        return code

    def lines(self) -> list[dict[str, Any]]:
        """Return its log, each line parsed: a line that is no JSON is a fault."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def messages(self) -> list[str]:
        """Return the messages of its log."""
        return [line["message"] for line in self.lines()] if self.log.exists() else []

    @property
    def port(self) -> int:
        """The port of its probes."""
        found = [message for message in self.messages() if message.startswith("probes and metrics on port ")]
        return int(found[-1].rpartition(" ")[2]) if found else 0

    def probe(self, path: str) -> tuple[int, str]:
        """Return status and body of one of its HTTP routes; status 0 where it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metric(self, name: str, **labels: str) -> float:
        """Return the sum of a metric's samples that carry `labels`."""
        total = 0.0
        for line in self.probe("/metrics")[1].splitlines():
            sample, _, value = line.rpartition(" ")
            if sample.partition("{")[0] == name and all(f'{k}="{v}"' in sample for k, v in labels.items()):
                total += float(value)
        return total

    def await_ready(self) -> "OperatorProcess":
        """Return once it is ready."""
        eventually(f"{self.log} ready", lambda: self.port and self.probe("/readyz")[0] == 200, START_SECONDS)
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
        kubectl = kubectl_for(plane)
        config = service_account_kubeconfig(lambda *words: kubectl(*words).stdout, "edge-system", "edge-operator")
        self._kubeconfig.write_text(config)
        kubectl("apply", "-f", "-", stdin=json.dumps(_lease(lease)))
        self._settings = {"EDGE_WATCH_NAMESPACES": namespaces, "EDGE_LEASE_NAME": lease}
        self._made: list[OperatorProcess] = []

    def __call__(self, **settings: str) -> OperatorProcess:
        """Return a new process, not started; `settings` are environment variables."""
        identity = f"op-{len(self._made)}"
        operator = OperatorProcess(
            self._plane, self._kubeconfig, self._directory, {**self._settings, "EDGE_IDENTITY": identity, **settings}
        )
        self._made.append(operator)
        return operator

    def end_all(self) -> None:
        """End every process that still runs."""
        for operator in self._made:
            operator.kill()


def _lease(name: str) -> dict[str, Any]:
    """Return an empty Lease, as the operator's manifests come with one."""
    metadata = {"name": name, "namespace": "edge-system"}
    return {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}


@contextmanager
def operators(plane: ControlPlane, directory: Path, namespaces: str, lease: str) -> Iterator[OperatorFactory]:
    """Make processes that are ended at the end."""
    factory = OperatorFactory(plane, directory, namespaces, lease)
    try:
        yield factory
    finally:
        factory.end_all()
