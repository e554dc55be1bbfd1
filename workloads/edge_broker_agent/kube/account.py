"""The pod's service account and the address of the API server."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Account:
    """A service account and its API server. The files are read on each request: the kubelet renews them.

    Attributes:
        host: name or IP address of the API server; an IPv6 address without brackets.
        port: its port.
        directory: mount point of `token` and `ca.crt`.
    """

    host: str
    port: int
    directory: Path

    def trust(self) -> ssl.SSLContext:
        """Return a TLS context that trusts `ca.crt`.

        Raises:
            OSError: `ca.crt` is missing or holds no certificates.
        """
        return ssl.create_default_context(cafile=self.directory / "ca.crt")

    def headers(self) -> Mapping[str, str]:
        """Return the headers of a request.

        Raises:
            OSError: `token` is missing.
        """
        host = f"[{self.host}]" if ":" in self.host else self.host
        token = (self.directory / "token").read_text().strip()
        return {"Host": f"{host}:{self.port}", "Authorization": f"Bearer {token}"}
