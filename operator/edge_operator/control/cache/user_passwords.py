"""Passwords that users bring for their devices: read from Secrets that carry the label for it, and from no other."""

import base64
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass, field
from typing import Any

from edge_operator.desired.kinds import ChildKind, Watched

from .child_cache import ResourceKey, newer

LABEL = "edge-stack.io/device-credentials"
"""With the value "true": without it, whoever may write an EdgeDevice could have any Secret read."""

SELECTOR = f"{LABEL}=true"
KEY = "password"
MIN_CHARACTERS = 20
"""Few iterations protect its hash on the broker: it must not be guessed."""

MAX_CHARACTERS = 1024
LABELLED_SECRET = ChildKind("v1", "Secret", "secrets", watched=Watched.FULL)


@dataclass(frozen=True, slots=True)
class UserPassword:
    """What a labelled Secret holds.

    Attributes:
        version: its resourceVersion.
        password: the password; None if there is none that can be used.
    """

    version: str
    password: str | None = field(repr=False)


class UserPasswords:
    """Takes what a watch of the labelled Secrets sees.

    Args:
        notify: called with namespace and name of a Secret that has come, changed or gone.
    """

    def __init__(self, notify: Callable[[ResourceKey], None]) -> None:
        self._notify = notify
        self._known: dict[ResourceKey, UserPassword] = {}

    def get(self, secret: ResourceKey) -> UserPassword | None:
        """Return what a Secret holds; None where there is none with the label."""
        return self._known.get(secret)

    def put(self, _kind: ChildKind, obj: dict[str, Any]) -> None:
        """Take a Secret that was added or changed."""
        key, version = _key(obj), obj["metadata"]["resourceVersion"]
        known = self._known.get(key)
        if known is not None and not newer(version, known.version):
            return
        self._known[key] = UserPassword(version, _password(obj.get("data") or {}))
        self._notify(key)

    def delete(self, _kind: ChildKind, obj: dict[str, Any]) -> None:
        """Take note that a Secret is gone, or has lost its label."""
        if self._known.pop(_key(obj), None) is not None:
            self._notify(_key(obj))

    def prune(self, _kind: ChildKind, namespace: str | None, listed: Container[ResourceKey], _version: str) -> None:
        """Take that there are none but `listed`."""
        for key in [key for key in self._known if key not in listed and namespace in (None, key[0])]:
            del self._known[key]
            self._notify(key)


def _key(obj: Mapping[str, Any]) -> ResourceKey:
    return obj["metadata"]["namespace"], obj["metadata"]["name"]


def _password(data: Mapping[str, str]) -> str | None:
    """Return the password; None if it is none, too short, too long, or could not stand in a CONNECT."""
    try:
        text = base64.b64decode(data.get(KEY) or "", validate=True).decode()
    except ValueError:
        return None
    return text if MIN_CHARACTERS <= len(text) <= MAX_CHARACTERS and text.isprintable() else None
