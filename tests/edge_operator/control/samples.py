"""Parts of the liveness for tests without an API server: clocks that stand, resources, messages."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from edge_operator.broker.session import Message
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.liveness.clocks import RFC3339, Clocks

NAMESPACE = "factory"
SITE = (NAMESPACE, "plant")
BEGAN = dt.datetime(2026, 11, 25, 12, 0, 0, 400_000, dt.UTC)


@dataclass
class Time:
    """A clock that tests advance."""

    at: float = 1000.0
    drift: float = 0.0

    @property
    def clocks(self) -> Clocks:
        """Both clocks; they drift apart by `drift` seconds."""
        return Clocks(lambda: self.at, lambda: BEGAN + dt.timedelta(seconds=self.at - 1000.0 + self.drift))

    def text(self, at: float | None = None) -> str:
        """Return a time of the steady clock as text of a status."""
        when = self.at if at is None else at
        return (BEGAN + dt.timedelta(seconds=when - 1000.0 + self.drift)).strftime(RFC3339)


def site(generation: int = 1, uid: str = "site-1", **spec: Any) -> CachedSite:
    """Return an EdgeSite."""
    version = str(generation)
    metadata = {
        "namespace": NAMESPACE,
        "name": SITE[1],
        "uid": uid,
        "resourceVersion": version,
        "generation": generation,
    }
    return CachedSite({"metadata": metadata, "spec": spec})


def device(
    name: str = "pump",
    *,
    uid: str = "",
    version: int = 1,
    status: dict[str, Any] | None = None,
    has_login: bool = True,
    created: str = "2026-11-25T00:00:00Z",
    **spec: Any,
) -> CachedDevice:
    """Return an EdgeDevice that was reconciled."""
    login = {"type": "CredentialsReady", "status": "True" if has_login else "False", "reason": "X"}
    told = {"observedGeneration": 1, "conditions": [login], **(status or {})}
    metadata = {
        "namespace": NAMESPACE,
        "name": name,
        "uid": uid or f"uid-{name}",
        "resourceVersion": str(version),
        "generation": 1,
        "creationTimestamp": created,
    }
    return CachedDevice({"metadata": metadata, "spec": {"siteRef": {"name": SITE[1]}, **spec}, "status": told})


class _Connection:
    def acknowledge(self, _mid: int, _qos: int) -> bool:
        return True


def message(topic: str, payload: bytes, *, retain: bool = False) -> Message:
    """Return a message from a broker."""
    return Message(topic, payload, qos=1, retain=retain, dup=False, _connection=_Connection(), _mid=1)
