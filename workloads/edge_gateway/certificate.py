"""The certificate for HTTPS; loaded again when its file changes."""

import asyncio
import logging
import ssl
from pathlib import Path

from edge_service.program import StartError

POLL_SECONDS = 10.0

logger = logging.getLogger(__name__)


class Certificate:
    """A certificate with its key.

    Args:
        cert: file of the certificate and its chain, in PEM.
        key: file of the key, in PEM.

    Attributes:
        context: TLS context of the listener; connections accepted after a reload use the new certificate.
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
        """Check the files every `POLL_SECONDS` until cancelled."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            self.refresh()

    def refresh(self) -> None:
        """Load the certificate if its file has changed; if that fails, keep the previous one."""
        try:
            if self._cert.stat().st_mtime_ns != self._stamp:
                self._load()
                logger.info("loaded the new certificate %s", self._cert)
        except (OSError, ssl.SSLError) as error:
            logger.warning("cannot load the certificate %s; still using the previous one: %s", self._cert, error)

    def _load(self) -> None:
        self._stamp = self._cert.stat().st_mtime_ns
        # Loading is not atomic: test the pair with another context, so that a bad one never reaches the listener.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(self._cert, self._key)
        self.context.load_cert_chain(self._cert, self._key)
