"""A site's gateway as a person reaches it: kubectl port-forward and plain HTTP with the site's token."""

import json
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from e2e.cluster import wait
from e2e.cluster.checkout import kubectl_binary
from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied
from e2e.cluster.ports import free_ports
from e2e.kubernetes import Kubernetes

OPEN_SECONDS = 30.0
ANSWER_SECONDS = 15.0
PAUSE_SECONDS = 0.5


@dataclass(frozen=True)
class Gateway:
    """The HTTP interface of one site.

    Attributes:
        url: where it is reached from here.
        token: the site's API token.
    """

    url: str
    token: str

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the decoded answer.

        Raises:
            HarnessError: it was refused, with the gateway's own words, or nothing answered.
        """
        request = urllib.request.Request(  # noqa: S310 - always http, to loopback
            f"{self.url}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:  # noqa: S310
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read().decode(errors="replace")
            raise HarnessError(f"{method} {path} was answered with {error.code}: {said}") from error
        except OSError as error:
            raise HarnessError(f"{method} {path} was not answered: {error}") from error

    def readings(self, device_id: str, limit: int = 100) -> list[dict[str, Any]]:
        """Return the newest readings of a device, the newest first."""
        found: list[dict[str, Any]] = self("GET", f"/devices/{device_id}/readings?limit={limit}")["readings"]
        return found


@contextmanager
def gateway(cluster: Kubernetes, namespace: str, site: str) -> Iterator[Gateway]:
    """Reach a site's gateway for as long as the context lasts.

    Raises:
        HarnessError: it cannot be reached.
    """
    (port,) = free_ports(1)
    target = ("port-forward", "-n", namespace, f"service/{site}-gateway", f"{port}:80")
    command = tied([str(kubectl_binary()), f"--kubeconfig={cluster.kubeconfig}", *target])
    found = Gateway(f"http://127.0.0.1:{port}", cluster.secret(namespace, f"{site}-api-token")["token"])
    with _forward(command, found) as forward:
        try:
            yield found
        finally:
            forward.terminate()


def _forward(command: list[str], found: Gateway) -> subprocess.Popen[str]:
    """Forward the port, and again if that ends before the gateway has answered: its pod may be restarting.

    Raises:
        HarnessError: it does not answer.
    """
    end = time.monotonic() + OPEN_SECONDS
    while True:
        forward = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            wait.until(partial(_is_settled, forward, found), seconds=end - time.monotonic())
            if forward.poll() is None and _answers(found):
                return forward
        except BaseException:
            forward.kill()
            raise
        forward.terminate()
        _, said = forward.communicate()
        if time.monotonic() > end:
            raise HarnessError(f"{found.url} does not answer within {OPEN_SECONDS:.0f} s: {said.strip()}")
        time.sleep(PAUSE_SECONDS)


def _is_settled(forward: subprocess.Popen[str], found: Gateway) -> bool:
    return forward.poll() is not None or _answers(found)


def _answers(found: Gateway) -> bool:
    try:
        found("GET", "/health")
    except HarnessError:
        return False
    return True
