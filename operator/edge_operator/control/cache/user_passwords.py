"""Passwords that users provide for their devices, only from Secrets with the label for it."""

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_operator.desired.encoding import secret_text
from edge_operator.desired.kinds import ChildKind, Watched

from .child_cache import ResourceKey, newer

LABEL = "edge-stack.io/device-credentials"
"""Required label, with the value "true". Without it, everybody who can create an EdgeDevice could read any Secret."""

SELECTOR = f"{LABEL}=true"
KEY = "password"
MIN_CHARACTERS = 20
"""The hash on the broker has few iterations, so the password must not be guessable."""

MAX_CHARACTERS = 1024
LABELLED_SECRET = ChildKind("v1", "Secret", "secrets", watched=Watched.FULL)


@dataclass(frozen=True, slots=True)
class UserPassword:
    """Content of a labelled Secret.

    Attributes:
        version: resourceVersion of the Secret.
        password: the password; None if it is missing or invalid.
    """

    version: str
    password: str | None = field(repr=False)


class UserPasswords:
    """Cache of the labelled Secrets.

    Args:
        notify: called with namespace and name of a Secret that was added, changed or deleted.
    """

    def __init__(self, notify: Callable[[ResourceKey], None]) -> None:
        self._notify = notify
        self._known: dict[ResourceKey, UserPassword] = {}

    def get(self, secret: ResourceKey) -> UserPassword | None:
        """Return the content of a Secret; None if there is no such Secret with the label."""
        return self._known.get(secret)

    def put(self, _kind: ChildKind, obj: dict[str, Any]) -> None:
        """Store a Secret that was added or changed."""
        key, version = _key(obj), obj["metadata"]["resourceVersion"]
        known = self._known.get(key)
        if known is not None and not newer(version, known.version):
            return
        self._known[key] = UserPassword(version, _password(obj))
        self._notify(key)

    def delete(self, _kind: ChildKind, obj: dict[str, Any]) -> None:
        """Remove a Secret that was deleted or has lost its label."""
        if self._known.pop(_key(obj), None) is not None:
            self._notify(_key(obj))

    def prune(self, _kind: ChildKind, namespace: str | None, listed: Container[ResourceKey], _version: str) -> None:
        """Remove Secrets that are not in `listed`."""
        for key in [key for key in self._known if key not in listed and namespace in (None, key[0])]:
            del self._known[key]
            self._notify(key)


def _key(obj: Mapping[str, Any]) -> ResourceKey:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


def _password(secret: Mapping[str, Any]) -> str | None:
    """Return the password; None if it is missing, too short, too long, or not allowed in an MQTT CONNECT."""
    try:
        text = secret_text(secret, KEY) or ""
    except ValueError:
        return None
    return text if MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS and text.isprintable() else None
