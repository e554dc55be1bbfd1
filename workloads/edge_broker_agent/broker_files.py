"""Mosquitto's files with the site's logins and certificate, on its volume."""

from dataclasses import dataclass, field

from edge_broker_agent.canary import CANARY_USERNAME, CanaryLogin
from edge_broker_agent.errors import RejectedError
from edge_broker_agent.files import AuthFiles
from edge_broker_agent.passwords import checked_lines
from edge_broker_agent.process import since_machine_start


@dataclass(slots=True)
class BrokerFiles:
    """The content of the files.

    Attributes:
        files: the files.
        passwords: the password file without the canary login; None if there is none that Mosquitto can read.
        certificate: certificate and key; None if there are none that match.
        canary: the login that shows whether Mosquitto has loaded the files; None if an earlier agent wrote them.
        written_at: time of the write in seconds since the machine's boot: a Mosquitto that started later has them.
    """

    files: AuthFiles
    passwords: bytes | None = None
    certificate: bytes | None = None
    canary: CanaryLogin | None = field(default=None, repr=False)
    written_at: float = field(default_factory=since_machine_start)

    def load(self) -> None:
        """Read the files that an earlier agent has written.

        Raises:
            OSError: the directory cannot be read or written.
        """
        self.files.prepare()
        self.passwords = _without_canary(self.files.passwords())
        self.certificate = self.files.certificate()
        # From now on, as that agent may have ended between writing the files and reloading Mosquitto.
        self.written_at = since_machine_start()

    def lacks(self, *, tls: bool) -> list[str]:
        """Return what is missing for Mosquitto's start."""
        lacking = []
        if self.passwords is None:
            lacking.append("the site's logins, in the Secrets that the operator writes")
        if tls and self.certificate is None:
            lacking.append("a certificate with its key, in the Secret that TLS_SECRET names")
        return lacking

    def write_passwords(self, passwords: bytes) -> None:
        """Write the password file, with a new canary login.

        Raises:
            OSError: it cannot be written; the old one is unchanged.
        """
        canary = CanaryLogin.fresh()
        self.files.write_passwords(passwords + canary.line)
        self.passwords, self.canary, self.written_at = passwords, canary, since_machine_start()

    def write_certificate(self, pem: bytes) -> None:
        """Write certificate and key.

        Raises:
            RejectedError: TLS rejects them; the old ones are unchanged.
            OSError: they cannot be written; the old ones are unchanged.
        """
        self.files.write_certificate(pem)
        self.certificate, self.written_at = pem, since_machine_start()


def _without_canary(content: bytes | None) -> bytes | None:
    if content is None:
        return None
    try:
        lines = checked_lines(content)
    except RejectedError:
        return None
    return b"".join(line + b"\n" for line in lines if not line.startswith(f"{CANARY_USERNAME}:".encode()))
