"""The pytest plugin: one real control plane for a test session, a namespace for each module.

Loaded by `pytest_plugins = ["e2e.cluster.fixture"]` in the top-level conftest.py.
"""

import re
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Protocol

import pytest
from kubernetes import client

from e2e.cluster import build
from e2e.cluster.audit import AuditCursor
from e2e.cluster.checkout import EDGE, kubectl_binary
from e2e.cluster.controlplane import ControlPlane, Options, launch
from e2e.cluster.scratch import scratch_directory

KUBECTL_SECONDS = 60.0


class Kubectl(Protocol):
    """Runs kubectl against the test control plane."""

    def __call__(
        self, *arguments: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run it; `stdin` feeds `-f -`. With `check` a failure raises with kubectl's own words."""
        ...


@pytest.fixture(scope="session")
def control_plane(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """The session's control plane, started for the first test that needs it; it ends with this process.

    No node, so no pods: see `Options.pods`.
    """
    capture = request.config.pluginmanager.getplugin("capturemanager")
    # A cold build takes minutes: its progress has to be seen, captured output is not.
    with capture.global_and_fixture_disabled() if capture else nullcontext():
        binary = build.ensure_binary()
    with scratch_directory(EDGE) as directory:
        plane = launch(directory, binary, Options(pods=False))
        try:
            yield plane
        finally:
            plane.stop()


@pytest.fixture(scope="session")
def kubectl(control_plane: ControlPlane) -> Kubectl:
    """Run kubectl as the administrator."""
    return kubectl_for(control_plane)


def kubectl_for(plane: ControlPlane, kubeconfig: str | None = None) -> Kubectl:
    """Make a kubectl with the administrator's kubeconfig, or with another one of this control plane."""
    environment = {
        "HOME": str(plane.directory),
        "KUBECACHEDIR": str(plane.directory / "kubectl-cache"),
        "KUBECONFIG": kubeconfig or str(plane.kubeconfig),
    }
    binary = str(kubectl_binary())

    def run(*arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [binary, *arguments],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            timeout=KUBECTL_SECONDS,
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)} ended with {done.returncode}: {done.stderr}")
        return done

    return run


@pytest.fixture(scope="session")
def api(control_plane: ControlPlane) -> Iterator[client.ApiClient]:
    """An `ApiClient` of the official client as the administrator."""
    pki = control_plane.directory / "pki"
    configuration = client.Configuration()
    configuration.host = control_plane.server
    configuration.ssl_ca_cert = str(pki / "ca.crt")
    configuration.cert_file = str(pki / "admin.crt")
    configuration.key_file = str(pki / "admin.key")
    with client.ApiClient(configuration) as api_client:
        yield api_client
        api_client.rest_client.pool_manager.clear()


@pytest.fixture
def audit(control_plane: ControlPlane) -> AuditCursor:
    """The audit log from this test's beginning on."""
    return AuditCursor.of(control_plane)


def _namespace_name(module: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", module.rpartition(".")[2].lower()).strip("-")
    return f"{stem[:50].rstrip('-')}-{secrets.token_hex(3)}"


@pytest.fixture(scope="module")
def namespace(request: pytest.FixtureRequest, api: client.ApiClient) -> Iterator[str]:
    """A new namespace for the module; it is deleted at the end, without waiting for that."""
    name = _namespace_name(request.module.__name__)
    core = client.CoreV1Api(api)
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    yield name
    core.delete_namespace(name)
