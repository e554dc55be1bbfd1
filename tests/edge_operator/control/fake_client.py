"""A client of the API server that answers from memory, and the body of a site, for tests without a server."""

from collections.abc import Callable
from typing import Any, cast

from edge_operator.cluster.client import ApiClient


def site_body(version: int = 1, uid: str = "u1", name: str = "hall", **more: Any) -> dict[str, Any]:
    """Return an EdgeSite `ns/hall` as JSON."""
    metadata = {"namespace": "ns", "name": name, "uid": uid, "resourceVersion": str(version), "generation": 1}
    return {"metadata": metadata, "spec": {}, **more}


class FakeClient:
    """Takes what is written, or refuses; reads what it was given."""

    def __init__(self, error: Exception | None = None, reads: Callable[[str], dict[str, Any]] | None = None) -> None:
        self.error, self.reads = error, reads
        self.written: list[tuple[str, str, Any]] = []
        self.asked: list[str] = []

    async def read(self, path: str, *_: Any, **__: Any) -> dict[str, Any]:
        self.asked.append(path)
        assert self.reads is not None
        return self.reads(path)

    async def write(self, method: str, path: str, body: Any = None, **_: Any) -> dict[str, Any]:
        if self.error is not None:
            raise self.error
        self.written.append((method, path, body))
        return {}

    def as_client(self) -> ApiClient:
        return cast("ApiClient", self)
