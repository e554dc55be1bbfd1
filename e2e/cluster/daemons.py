"""The command lines of the control plane's four daemons."""

import ipaddress
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from e2e.cluster.files import write_atomically

ETCD, APISERVER, CONTROLLERS, SCHEDULER = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
)
# Certificate names, and who they are for RBAC.
USERS = {"admin": "admin", "controllers": "system:kube-controller-manager", "scheduler": "system:kube-scheduler"}
SERVICE_RANGE = "10.96.0.0/16"
LOOPBACK = "127.0.0.1"
# One line for each request, none for the health checks that wait for a start.
AUDIT_POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    nonResourceURLs: ["/readyz*", "/livez*", "/healthz*"]
  - level: Metadata
"""


@dataclass(frozen=True)
class Ports:
    """Where one instance listens.

    etcd: its port, always on loopback.
    apiserver: its port.
    address: the API server's address; loopback if there is no node.
    services: the range of cluster IPs.
    """

    etcd: int
    apiserver: int
    address: str = LOOPBACK
    services: str = SERVICE_RANGE

    @classmethod
    def read(cls, directory: Path) -> Self | None:
        """The ports an instance had at its last start there, if there was one."""
        record = directory / "ports.json"
        return cls(**json.loads(record.read_text())) if record.exists() else None

    def write(self, directory: Path) -> None:
        """Record them for a later start."""
        write_atomically(directory / "ports.json", json.dumps(asdict(self)))

    @property
    def server(self) -> str:
        """The API server's URL."""
        return f"https://{self.address}:{self.apiserver}"

    @property
    def names(self) -> tuple[str, ...]:
        """What the API server is called by: its certificate has them all."""
        service = str(ipaddress.IPv4Network(self.services)[1])
        domains = ("kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local")
        return (*dict.fromkeys((self.address, LOOPBACK)), "localhost", *domains, service)


@dataclass(frozen=True)
class Layout:
    """Where a control plane's files are under its directory."""

    directory: Path

    def pki(self, name: str) -> str:
        """A certificate or a key."""
        return str(self.directory / "pki" / name)

    def kubeconfig(self, user: str) -> Path:
        """The kubeconfig of admin or of a daemon."""
        return self.directory / "kubeconfig" / user

    @property
    def audit_log(self) -> Path:
        """One JSON line for each request."""
        return self.directory / "audit.log"

    @property
    def audit_policy(self) -> Path:
        """What is written there."""
        return self.directory / "audit-policy.yaml"


def etcd(layout: Layout, ports: Ports, *, fsync: bool) -> list[str]:
    """One member that lets in only holders of a certificate of its own authority."""
    client = f"https://127.0.0.1:{ports.etcd}"
    return [
        ETCD,
        f"--data-dir={layout.directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        # A single member has no peers: any port will do.
        "--listen-peer-urls=https://127.0.0.1:0",
        f"--cert-file={layout.pki('etcd.crt')}",
        f"--key-file={layout.pki('etcd.key')}",
        f"--trusted-ca-file={layout.pki('etcd-ca.crt')}",
        "--client-cert-auth",
        f"--peer-cert-file={layout.pki('etcd.crt')}",
        f"--peer-key-file={layout.pki('etcd.key')}",
        f"--peer-trusted-ca-file={layout.pki('etcd-ca.crt')}",
        "--peer-client-cert-auth",
        "--log-level=warn",
        *([] if fsync else ["--unsafe-no-fsync"]),
    ]


def _identity(layout: Layout) -> list[str]:
    pki = layout.pki
    return [
        f"--etcd-cafile={pki('etcd-ca.crt')}",
        f"--etcd-certfile={pki('apiserver-etcd.crt')}",
        f"--etcd-keyfile={pki('apiserver-etcd.key')}",
        f"--client-ca-file={pki('ca.crt')}",
        f"--tls-cert-file={pki('apiserver.crt')}",
        f"--tls-private-key-file={pki('apiserver.key')}",
        f"--kubelet-client-certificate={pki('apiserver-kubelet.crt')}",
        f"--kubelet-client-key={pki('apiserver-kubelet.key')}",
        # No name server has a node's name.
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={pki('sa.pub')}",
        f"--service-account-signing-key-file={pki('sa.key')}",
        f"--requestheader-client-ca-file={pki('front-ca.crt')}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki('front-proxy.crt')}",
        f"--proxy-client-key-file={pki('front-proxy.key')}",
    ]


def apiserver(layout: Layout, ports: Ports, extra: tuple[str, ...]) -> list[str]:
    """The API server, with RBAC and an audit log that is written before the answer ends."""
    return [
        APISERVER,
        f"--etcd-servers=https://127.0.0.1:{ports.etcd}",
        f"--bind-address={ports.address}",
        f"--secure-port={ports.apiserver}",
        # Nothing reaches a loopback address through the `kubernetes` Service, so it gets no endpoints.
        *(["--endpoint-reconciler-type=none"] if ports.address == LOOPBACK else []),
        f"--advertise-address={ports.address}",
        *_identity(layout),
        f"--service-cluster-ip-range={ports.services}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--audit-policy-file={layout.audit_policy}",
        f"--audit-log-path={layout.audit_log}",
        "--audit-log-mode=blocking",
        "--audit-log-maxsize=10240",
        *extra,
    ]


def _client(layout: Layout, user: str) -> list[str]:
    path = layout.kubeconfig(user)
    return [f"--kubeconfig={path}", "--leader-elect=false", "--secure-port=0"]


def controllers(layout: Layout, *, only: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> list[str]:
    """The controller manager: garbage collection, namespaces, service accounts, Deployments and the rest.

    only: the controllers that run; all if empty. without: those of all that do not run.
    """
    return [
        CONTROLLERS,
        f"--controllers={','.join(only or ('*', *(f'-{name}' for name in without)))}",
        *_client(layout, "controllers"),
        "--use-service-account-credentials",
        f"--root-ca-file={layout.pki('ca.crt')}",
        f"--service-account-private-key-file={layout.pki('sa.key')}",
        f"--cluster-signing-cert-file={layout.pki('ca.crt')}",
        f"--cluster-signing-key-file={layout.pki('ca.key')}",
        "--kube-api-qps=500",
        "--kube-api-burst=500",
    ]


def scheduler(layout: Layout) -> list[str]:
    """The scheduler."""
    return [SCHEDULER, *_client(layout, "scheduler")]
