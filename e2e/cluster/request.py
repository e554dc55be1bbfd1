"""Plain HTTPS requests to one API server as its administrator: no client library, no retries."""

import http.client
import ssl
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True)
class Requester:
    """Asks the API server on a loopback port, trusting only the authority in `pki`."""

    port: int
    pki: Path

    def status(self, path: str, *, user_agent: str = "edge-harness") -> int:
        """The HTTP status of a GET; 0 when nothing answered."""
        context = ssl.create_default_context(cafile=str(self.pki / "ca.crt"))
        context.load_cert_chain(self.pki / "admin.crt", self.pki / "admin.key")
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=TIMEOUT_SECONDS, context=context)
        try:
            connection.request("GET", path, headers={"User-Agent": user_agent})
            response = connection.getresponse()
            response.read()
        except (OSError, http.client.HTTPException):
            return 0
        else:
            return response.status
        finally:
            connection.close()
