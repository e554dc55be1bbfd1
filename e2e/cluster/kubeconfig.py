"""Writing kubeconfig files: one cluster, one user, the certificates inside, mode 0600."""

import base64
from pathlib import Path

import yaml

from e2e.cluster.files import write_atomically
from e2e.cluster.pki import Pair


def _data(content: bytes) -> str:
    return base64.b64encode(content).decode()


def write(path: Path, *, server: str, pki: Path, client: Pair, user: str) -> Path:
    """Write a kubeconfig for `user` at `server`; `pki` has the cluster's `ca.crt`."""
    credentials = {
        "client-certificate-data": _data(client.certificate),
        "client-key-data": _data(client.key),
    }
    cluster = {"server": server, "certificate-authority-data": _data((pki / "ca.crt").read_bytes())}
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "edge-stack",
        "contexts": [{"name": "edge-stack", "context": {"cluster": "edge-stack", "user": user}}],
        "clusters": [{"name": "edge-stack", "cluster": cluster}],
        "users": [{"name": user, "user": credentials}],
    }
    write_atomically(path, yaml.safe_dump(content, sort_keys=False))
    return path
