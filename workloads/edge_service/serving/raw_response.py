"""HTTP responses as bytes, for servers and connections without a framework."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from edge_service.problem_document import MEDIA_TYPE, problem_document


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response that is the last one of its connection.

    Attributes:
        status: its HTTP status.
        content: its body.
        media_type: of `content`.
        headers: other headers.
    """

    status: int
    content: bytes
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def problem(cls, status: HTTPStatus, reason: str, detail: str, **headers: str) -> "RawResponse":
        """Return the response for an error; `headers` have `_` for `-`."""
        body = json.dumps(problem_document(status, reason, detail)).encode()
        return cls(status, body, MEDIA_TYPE, {name.replace("_", "-"): value for name, value in headers.items()})

    def encode(self, *, is_head: bool = False) -> bytes:
        """Return the response to a request; that to a HEAD request has no body."""
        lines = [
            f"HTTP/1.1 {int(self.status)} {HTTPStatus(self.status).phrase}",
            f"Content-Type: {self.media_type}",
            f"Content-Length: {len(self.content)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            "Connection: close",
        ]
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1") + (b"" if is_head else self.content)
