"""Where built binaries are kept: one directory for each content of the sources."""

import hashlib
import platform
from collections.abc import Mapping
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.cluster.sources import Source

GO_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def cache_root(environment: Mapping[str, str], home: Path) -> Path:
    """`$EDGE_CACHE`, else `$XDG_CACHE_HOME/edge-stack`, else `~/.cache/edge-stack`."""
    if chosen := environment.get("EDGE_CACHE"):
        return Path(chosen).expanduser().absolute()
    # The XDG base directory rules: a relative path is invalid and to be ignored.
    if (xdg := environment.get("XDG_CACHE_HOME", "")).startswith("/"):
        return Path(xdg) / "edge-stack"
    return home / ".cache" / "edge-stack"


def go_architecture(machine: str | None = None) -> str:
    """Go's name for this machine's architecture.

    Raises:
        HarnessError: Kubernetes is not built for it.
    """
    name = machine or platform.machine()
    if name.lower() not in GO_ARCHITECTURES:
        raise HarnessError(f"no control plane for {name} machines: use CLUSTER=kind or an amd64 or arm64 machine")
    return GO_ARCHITECTURES[name.lower()]


def content_key(source: Source, sources: Path | None = None, architecture: str | None = None) -> str:
    """A directory name that changes with the version, the tags, any source file and the architecture.

    Args:
        source: what is built.
        sources: its folder, if that is somewhere else.
        architecture: Go's name of it; this machine's by default.
    """
    digest = hashlib.sha256(",".join(source.tags).encode())
    for name in source.files:
        content = ((sources or source.directory) / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return f"{source.version}-{architecture or go_architecture()}-{digest.hexdigest()[:16]}"
