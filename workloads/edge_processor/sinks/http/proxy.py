"""The proxy of an address, by HTTPS_PROXY and NO_PROXY."""

import ipaddress
from collections.abc import Mapping

from yarl import URL


def proxy_for(url: URL, environment: Mapping[str, str]) -> str | None:
    """Return the URL of the proxy for a server; None for a direct connection. HTTP_PROXY is for `http://`.

    An entry of NO_PROXY is `*`, an IP address, a range of them such as 10.0.0.0/8, or a domain: of itself and of all
    names below it (`example.com`, `.example.com`, `*.example.com`). Each may end with a port.

    Args:
        url: of the server.
        environment: variables by name, in capitals or small letters.
    """
    proxy = _variable(f"{url.scheme.upper()}_PROXY", environment)
    if not proxy:
        return None
    host = (url.host or "").lower()
    exceptions = (entry.strip().lower() for entry in _variable("NO_PROXY", environment).split(","))
    if any(entry and _fits(entry, host, url.port) for entry in exceptions):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(name: str, environment: Mapping[str, str]) -> str:
    return (environment.get(name.lower()) or environment.get(name) or "").strip()


def _fits(entry: str, host: str, port: int | None) -> bool:
    if entry == "*":
        return True
    name, its_port = _split(entry)
    if its_port and its_port != str(port):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        domain = name.removeprefix("*").removeprefix(".")
        return bool(domain) and (host == domain or host.endswith(f".{domain}"))
    try:
        return address in ipaddress.ip_network(name, strict=False)
    except ValueError:
        return False


def _split(entry: str) -> tuple[str, str]:
    """Return an entry without its port, and the port; an empty one if it has none."""
    if entry.startswith("["):
        name, _, rest = entry[1:].partition("]")
        return name, rest.removeprefix(":")
    if entry.count(":") == 1:
        name, _, port = entry.partition(":")
        return name, port
    return entry, ""
