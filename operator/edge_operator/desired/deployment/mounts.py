"""Volumes with their mount paths."""

from collections.abc import Sequence
from dataclasses import dataclass

from edge_operator.desired.inputs import Manifest

TOKEN_DIR = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105  # a directory
TOKEN_SECONDS = 3607
"""The lifetime that the API server sets if it mounts a token automatically."""

GROUP_READ = 0o440
"""File mode of projected files: root and the pod's group may read them."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume and the mounts of it in the component's container."""

    volume: Manifest
    mounts: tuple[Manifest, ...]


def scratch(path: str, size: str = "64Mi") -> Mount:
    """Return an empty directory that goes with the pod, for programs that need a writable /tmp."""
    return Mount({"name": "tmp", "emptyDir": {"sizeLimit": size}}, ({"name": "tmp", "mountPath": path},))


def claim(name: str, claim_name: str, path: str) -> Mount:
    """Return the volume of a PersistentVolumeClaim."""
    volume = {"name": name, "persistentVolumeClaim": {"claimName": claim_name}}
    return Mount(volume, ({"name": name, "mountPath": path},))


def secret(name: str, secret_name: str, path: str) -> Mount:
    """Return a Secret as a directory."""
    volume = {"name": name, "secret": {"secretName": secret_name, "defaultMode": GROUP_READ}}
    return Mount(volume, (_read_only(name, path),))


def config_files(name: str, config_map: str, paths: dict[str, str]) -> Mount:
    """Return keys of a ConfigMap as real files, each at its path."""
    items = [{"key": key, "path": key} for key in paths]
    volume = {"name": name, "configMap": {"name": config_map, "defaultMode": GROUP_READ, "items": items}}
    return Mount(volume, tuple(_read_only(name, path) | {"subPath": key} for key, path in paths.items()))


def config_directory(name: str, config_map: str, path: str) -> Mount:
    """Return a ConfigMap as a directory."""
    volume = {"name": name, "configMap": {"name": config_map, "defaultMode": GROUP_READ}}
    return Mount(volume, (_read_only(name, path),))


def secrets_directory(name: str, sources: Sequence[Manifest], path: str) -> Mount:
    """Return several Secrets as one directory."""
    volume = {"name": name, "projected": {"defaultMode": GROUP_READ, "sources": list(sources)}}
    return Mount(volume, (_read_only(name, path),))


def service_account_token(name: str) -> Mount:
    """Return the pod's token for the API server, with what a client needs beside it, where clients look for it."""
    sources: list[Manifest] = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]
    return secrets_directory(name, sources, TOKEN_DIR)


def source(secret_name: str, *keys: str) -> Manifest:
    """Return a Secret as a part of `secrets_directory`: the given keys, or all."""
    items = {"items": [{"key": key, "path": key} for key in keys]} if keys else {}
    return {"secret": {"name": secret_name} | items}


def _read_only(name: str, path: str) -> Manifest:
    return {"name": name, "mountPath": path, "readOnly": True}
