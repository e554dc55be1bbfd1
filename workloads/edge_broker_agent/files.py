"""The files that Mosquitto reads: regular files (it refuses symlinks) on its volume, replaced atomically."""

import ssl
from pathlib import Path

from edge_broker_agent.drafts import DRAFT_SUFFIX, sync, write_draft
from edge_broker_agent.errors import RejectedError

PASSWORDS = "passwords"
CERTIFICATE = "tls.pem"


class AuthFiles:
    """The directory with the password file and the certificate; it outlives the pod."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def prepare(self) -> None:
        """Create the directory, and remove drafts of a killed agent.

        Raises:
            OSError: it cannot be written to.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for draft in self._directory.glob(f"*{DRAFT_SUFFIX}"):
            draft.unlink()

    def passwords(self) -> bytes | None:
        """Return the content of the password file; None if there is none."""
        return _content(self._directory / PASSWORDS)

    def certificate(self) -> bytes | None:
        """Return certificate and key; None if there are none that match."""
        try:
            _refuse_misfit(self._directory / CERTIFICATE)
        except RejectedError:
            return None
        return _content(self._directory / CERTIFICATE)

    def write_passwords(self, content: bytes) -> None:
        """Replace the password file.

        Raises:
            OSError: it cannot be written; the old one is unchanged.
        """
        self._publish(self._draft(PASSWORDS, content))

    def write_certificate(self, pem: bytes) -> None:
        """Replace certificate and key.

        Raises:
            RejectedError: TLS rejects them; the old ones are unchanged.
            OSError: they cannot be written; the old ones are unchanged.
        """
        draft = self._draft(CERTIFICATE, pem)
        try:
            _refuse_misfit(draft)
        except RejectedError:
            draft.unlink()
            raise
        self._publish(draft)

    def _draft(self, name: str, content: bytes) -> Path:
        return write_draft(self._directory / name, lambda file: file.write(content))

    def _publish(self, draft: Path) -> None:
        draft.replace(draft.with_name(draft.name.removesuffix(DRAFT_SUFFIX)))
        sync(self._directory)


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _refuse_misfit(pem: Path) -> None:
    """Check that TLS accepts certificate and key.

    Raises:
        RejectedError: it does not.
    """
    try:
        # Without `password` OpenSSL would prompt for one on a terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pem, password="")
    except (OSError, ValueError) as error:
        raise RejectedError(
            "certificate",
            f"`tls.crt` and `tls.key` must be a certificate and its own key, in PEM and without a password ({error})",
        ) from error
