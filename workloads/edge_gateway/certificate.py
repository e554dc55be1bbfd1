"""The certificate of HTTPS, loaded again whenever its file changes."""

import asyncio
import logging
import ssl
from pathlib import Path

from edge_service.program import StartError

LOOK_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Certificate:
    """A certificate with its key.

    Args:
        cert: file of the certificate and what leads to its authority, in PEM.
        key: file of its key, in PEM.

    Attributes:
        context: what connections are made with; the new certificate is for those that come after it was loaded.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        self._cert = cert
        self._key = key
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            self._load()
        except (OSError, ssl.SSLError) as error:
            raise StartError(
                f"{cert} and {key} are not a certificate and its key ({error}): set TLS_CERT_FILE and TLS_KEY_FILE"
            ) from error

    async def run(self) -> None:
        """Look at the files until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.refresh()

    def refresh(self) -> None:
        """Load the certificate if its file has changed; one that cannot be loaded leaves the last in place."""
        try:
            if self._cert.stat().st_mtime_ns != self._stamp:
                self._load()
                logger.info("loaded the new certificate %s", self._cert)
        except (OSError, ssl.SSLError) as error:
            logger.warning("cannot load the certificate %s; still using the previous one: %s", self._cert, error)

    def _load(self) -> None:
        self._stamp = self._cert.stat().st_mtime_ns
        # A context takes the pair in two steps; one that does not fit must not get into the one that serves.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self._cert, self._key)
        self.context.load_cert_chain(self._cert, self._key)
