"""Addresses of the brokers and servers that a program is told to use."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

_SCHEMES = {"mqtt": False, "tcp": False, "mqtts": True, "ssl": True, "tls": True}
_PORTS = {False: 1883, True: 8883}
_EXAMPLE = "must be an address such as mqtt://broker:1883 or mqtts://broker:8883"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where a broker listens.

    Attributes:
        host: its name or address; of an IPv6 address without brackets.
        port: its port.
        tls: whether to speak TLS.
    """

    host: str
    port: int
    tls: bool = False

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the address in `mqtt://host:port` (also `tcp://`) or `mqtts://host:port`.

        Raises:
            ValueError: it is no such address; the message tells what is right and never repeats a password.
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
