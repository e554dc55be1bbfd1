"""An API server with one Lease, in memory, and sessions on it that lose, delay and withhold requests and responses."""

import asyncio
import copy
import json
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, cast

import aiohttp

from tests.edge_operator.cluster.virtual import now


def released_lease() -> dict[str, Any]:
    """Return a Lease that a former leader has released."""
    spec = {"holderIdentity": "", "leaseDurationSeconds": 1, "renewTime": "2026-07-01T00:00:00.000000Z"}
    return {"metadata": {"resourceVersion": "100", "uid": "0"}, "spec": spec}


@dataclass
class LeaseServer:
    """Optimistic concurrency, as the API server has it.

    Attributes:
        lease: the Lease, None if there is none; released by a former leader at first.
    """

    lease: dict[str, Any] | None = field(default_factory=released_lease)
    version: int = 100
    created: int = 0

    def answer(self, method: str, body: dict[str, Any] | None) -> tuple[int, dict[str, Any]]:
        """Return status and body of the answer to a request."""
        if method == "GET":
            return (200, copy.deepcopy(self.lease)) if self.lease else (404, {"reason": "NotFound"})
        assert body is not None
        given = (body.get("metadata") or {}).get("resourceVersion")
        if method == "POST" and self.lease is not None:
            return 409, {"reason": "AlreadyExists"}
        if method == "PUT" and (self.lease is None or given != self.lease["metadata"]["resourceVersion"]):
            return 409, {"reason": "Conflict"}
        return (201 if method == "POST" else 200), self.store(body)

    def store(self, body: dict[str, Any]) -> dict[str, Any]:
        """Store `body` as the Lease."""
        if self.lease is None:
            self.created += 1
        uid = str(self.created) if self.lease is None else self.lease["metadata"]["uid"]
        self.version += 1
        self.lease = copy.deepcopy(body)
        self.lease["metadata"] |= {"resourceVersion": str(self.version), "uid": uid}
        return copy.deepcopy(self.lease)

    def delete(self) -> None:
        """Delete the Lease, as an administrator might."""
        self.lease = None
        self.version += 1

    def apply_manifest(self) -> None:
        """Create the Lease without a spec, as the operator's manifests do, unless it exists."""
        if self.lease is None:
            self.store({"metadata": {"name": "edge-operator"}})

    @property
    def holder(self) -> str | None:
        """Who holds it."""
        return (self.lease.get("spec") or {}).get("holderIdentity") if self.lease else None


@dataclass
class Network:
    """The way of one candidate to the server.

    Attributes:
        before: seconds that a request needs.
        after: seconds that an answer needs.
        lose_requests: whether requests get lost.
        lose_answers: whether answers get lost.
        thaw_at: until when the process is stopped, as by SIGSTOP.
    """

    before: float = 0.001
    after: float = 0.001
    lose_requests: bool = False
    lose_answers: bool = False
    thaw_at: float = float("-inf")
    sent: list[tuple[float, str]] = field(default_factory=list)


@dataclass
class _Response:
    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    async def read(self) -> bytes:
        return json.dumps(self.body).encode()


class _Request:
    def __init__(self, server: LeaseServer, network: Network, method: str, body: dict[str, Any] | None) -> None:
        self._server, self._network, self._method, self._body = server, network, method, body

    async def __aenter__(self) -> _Response:
        network = self._network
        network.sent.append((now(), self._method))
        if network.lose_requests:
            await asyncio.sleep(3600)
        arrival: asyncio.Future[tuple[int, dict[str, Any]]] = asyncio.get_running_loop().create_future()

        def arrive() -> None:
            # What was sent arrives, whether the sender still waits for it or not.
            answered = self._server.answer(self._method, self._body)
            if not arrival.done():
                arrival.set_result(answered)

        asyncio.get_running_loop().call_later(network.before, arrive)
        code, body = await arrival
        if network.lose_answers:
            await asyncio.sleep(3600)
        await asyncio.sleep(network.after)
        return _Response(code, body)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None


class FakeSession:
    """The part of aiohttp's session that the election uses."""

    def __init__(self, server: LeaseServer, network: Network) -> None:
        self._server, self._network = server, network

    def get(self, _path: str) -> _Request:
        return _Request(self._server, self._network, "GET", None)

    def request(self, method: str, _path: str, json: dict[str, Any]) -> _Request:
        return _Request(self._server, self._network, method, copy.deepcopy(json))

    def as_aiohttp(self) -> aiohttp.ClientSession:
        return cast("aiohttp.ClientSession", self)
