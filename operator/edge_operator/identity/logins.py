"""Who can log in on a site's managed broker in addition to its devices: the components and the clients in the spec."""

from collections.abc import Iterable

from edge_operator.api.broker import BrokerClient
from edge_operator.identity import derive
from edge_operator.identity.passwords import Login

GATEWAY = "~gateway"
PROCESSOR = "~processor"
STORAGE = "~storage"
OPERATOR = "~operator"
BROKER_AGENT = "~mqtt"
COMPONENTS = (GATEWAY, PROCESSOR, STORAGE, OPERATOR, BROKER_AGENT)
"""Usernames begin with `~`, because no device id can."""


def component_login(root: bytes, username: str) -> Login:
    """Return the login of a component of the site, or of the operator itself."""
    return Login(username, derive.component_password(root, username))


def client_login(root: bytes, name: str) -> Login:
    """Return the login of a client in the spec."""
    return Login(client_username(name), derive.client_password(root, name))


def client_username(name: str) -> str:
    """Return the username of the client `name` in the spec.

    Raises:
        ValueError: it would be the login of a component.
    """
    if f"~{name}" in COMPONENTS:
        raise ValueError(f"broker.managed.clients: the name {name!r} is reserved for a component of the site")
    return f"~{name}"


def device_login(root: bytes, device_id: str, rotation: int) -> Login:
    """Return the login of a device in its given rotation."""
    return Login(device_id, derive.device_password(root, device_id, rotation))


def site_logins(root: bytes, clients: Iterable[BrokerClient]) -> tuple[Login, ...]:
    """Return the logins of all components and of `clients`."""
    own = tuple(component_login(root, username) for username in COMPONENTS)
    return own + tuple(client_login(root, client.name) for client in clients)
