"""The broker's pod as processes: a real Mosquitto that reads what a real agent writes, and a real API server."""

import json
import os
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import Kubectl
from e2e.cluster.processes import Process
from edge_operator.identity.logins import BROKER_AGENT
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_service.process import ServiceProcess
from tests.support.mosquitto import Mosquitto
from tests.support.processes import eventually


@dataclass
class Pod:
    """The pod.

    Attributes:
        broker: its Mosquitto, which starts when the agent is ready.
        agent: its agent.
        directory: of all files.
        logins: the Secrets that the operator would write.
    """

    broker: Mosquitto
    agent: ServiceProcess
    directory: Path
    logins: SiteLogins
    _seen: list[str] = field(default_factory=list)

    @property
    def auth(self) -> Path:
        """The directory with the files that Mosquitto reads."""
        return self.directory / "data" / "auth"

    @property
    def passwords(self) -> bytes:
        """The password file as it is."""
        return (self.auth / "passwords").read_bytes()

    def start(self) -> None:
        """Start the agent and, when it is ready, Mosquitto."""
        self.agent.start().await_ready()
        self.start_broker()

    def start_broker(self) -> None:
        """Start Mosquitto and let the agent see its process, as in a pod with a shared process namespace."""
        self.broker.passwords.clear()
        self.broker.passwords.update(self.logins.passwords)
        self.broker.start()
        pid = self.broker_process.pid
        self.show(pid)
        if self.agent.process is not None:
            eventually("the agent sees it", lambda: any(f"process {pid}," in line for line in self.agent.messages()))

    def show(self, pid: int) -> None:
        """Let the agent see this process and no other one."""
        for name in self._seen:
            (self.directory / "proc" / name).unlink()
        self._seen = [str(pid)]
        (self.directory / "proc" / str(pid)).symlink_to(f"/proc/{pid}")

    @property
    def broker_process(self) -> Process:
        """The process of Mosquitto."""
        found = Process.read(self.broker.directory / "run" / "mosquitto.pid")
        assert found is not None
        return found

    def await_reload(self, publish: Any) -> float:
        """Call `publish` and return the seconds until one more reload is done."""
        before = self.reloads
        begun = time.monotonic()
        publish()
        eventually("Mosquitto has reloaded", lambda: self.reloads > before)
        return time.monotonic() - begun

    @property
    def reloads(self) -> float:
        """How often Mosquitto has reloaded."""
        return self.agent.metric("edge_broker_reloads_total")


def make_pod(
    directory: Path, broker: Mosquitto, logins: SiteLogins, account: Path, plane: ControlPlane, **settings: str
) -> Pod:
    """Return a pod whose processes have not been started; `broker` gives its configuration, and is stopped."""
    broker.stop()
    conf = Path(broker.layout.config_dir) / "mosquitto.conf"
    auth = directory / "data" / "auth"
    conf.write_text(
        re.sub(r"^password_file .*$", f"password_file {auth}/passwords", conf.read_text(), flags=re.MULTILINE)
    )
    (Path(broker.layout.auth_dir) / "passwords").unlink()
    proc = directory / "proc"
    proc.mkdir()
    for name in ("self", "sys"):
        (proc / name).symlink_to(f"/proc/{name}")
    environment = {
        "EDGE_NAMESPACE": logins.namespace,
        "EDGE_SITE": logins.site,
        "EDGE_CREDENTIALS_DIR": str(broker.credentials(BROKER_AGENT)),
        "MQTT_BROKER": broker.components_url,
        "AUTH_DIR": str(auth),
        "MOSQUITTO_DATABASE": f"{broker.layout.data_dir}/mosquitto.db",
        "MOSQUITTO_LOG": str(broker.log),
        "PROC_DIR": str(proc),
        "SERVICE_ACCOUNT_DIR": str(account),
        "KUBERNETES_SERVICE_HOST": plane.ports.address,
        "KUBERNETES_SERVICE_PORT": str(plane.ports.apiserver),
        **settings,
    }
    (directory / "data").mkdir()
    return Pod(broker, ServiceProcess("edge_broker_agent", directory, "agent", environment), directory, logins)


def mount_account(directory: Path, kubectl: Kubectl, plane: ControlPlane, logins: SiteLogins) -> Path:
    """Give the agent a service account with the rights that the operator grants; return where its files are."""
    name = f"{logins.site}-mqtt"
    rules = [
        {
            "apiGroups": [""],
            "resources": ["secrets"],
            "resourceNames": [logins.index, f"{logins.site}-tls", *(f"{logins.index}-{i}" for i in range(64))],
            "verbs": ["get", "list", "watch"],
        }
    ]
    metadata = {"name": name, "namespace": logins.namespace}
    rbac = "rbac.authorization.k8s.io"
    objects: list[Mapping[str, Any]] = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", **metadata}],
        },
    ]
    kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    mounted = directory / "account"
    mounted.mkdir()
    (mounted / "token").write_text(kubectl("create", "token", name, "-n", logins.namespace).stdout.strip())
    os.link(plane.directory / "pki" / "ca.crt", mounted / "ca.crt")
    return mounted
