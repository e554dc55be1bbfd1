"""Plain HTTPS requests to one API server as its administrator: no client library, no retries."""

import http.client
import json
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Requester:
    """Asks the API server at a port, trusting only the authority in `pki`."""

    port: int
    pki: Path
    host: str = "127.0.0.1"

    def status(self, path: str, *, user_agent: str = "edge-harness") -> int:
        """The HTTP status of a GET; 0 when nothing answered."""
        return self._get(path, user_agent)[0]

    def json(self, path: str) -> Any:
        """What a GET answers, or None when it is not there or nothing answered."""
        status, body = self._get(path, "edge-harness")
        return json.loads(body) if status == HTTPStatus.OK else None

    def _get(self, path: str, user_agent: str) -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        context.load_cert_chain(self.pki / "admin.crt", self.pki / "admin.key")
        connection = http.client.HTTPSConnection(self.host, self.port, timeout=TIMEOUT_SECONDS, context=context)
        try:
            connection.request("GET", path, headers={"User-Agent": user_agent})
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        else:
            return response.status, body
        finally:
            connection.close()
