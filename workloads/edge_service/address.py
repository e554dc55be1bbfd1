"""Addresses of brokers and servers in settings."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_SCHEMES = {"mqtt": False, "tcp": False, "mqtts": True, "ssl": True, "tls": True}
_PORTS = {False: 1883, True: 8883}
_EXAMPLE = "must be an address such as mqtt://broker:1883 or mqtts://broker:8883"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """The address of a broker.

    Attributes:
        host: name or IP address; an IPv6 address without brackets.
        port: TCP port.
        tls: whether to use TLS.
    """

    host: str
    port: int
    tls: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the address in `mqtt://host:port` (also `tcp://`) or `mqtts://host:port`.

        Raises:
            ValueError: it is not such an address; the message shows a valid one and never contains a password.
        """
        parts = urlsplit(url.strip())
        tls = _SCHEMES.get(parts.scheme)
        if tls is None or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError(_EXAMPLE)
        if parts.username is not None:
            raise ValueError(f"{_EXAMPLE}; username and password come from EDGE_CREDENTIALS_DIR")
        try:
            port = parts.port
        except ValueError:
            raise ValueError(f"{_EXAMPLE}; a port is from 1 to 65535") from None
        if port == 0:
            raise ValueError(f"{_EXAMPLE}; a port is from 1 to 65535")
        return cls(parts.hostname, port or _PORTS[tls], tls)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'mqtts' if self.tls else 'mqtt'}://{host}:{self.port}"


def http_url(text: str) -> str:
    """Parse the URL of an HTTP server; the value has no slash at the end.

    Raises:
        ValueError: it is not such a URL.
    """
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as http://storage:8080")
    return text.strip().rstrip("/")
