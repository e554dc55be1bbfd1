"""When a session with the broker of the cloud is attempted again."""

from pathlib import Path

from edge_pacing.backoff import Backoff
from edge_processor.sinks.http.credentials import CredentialFiles
from edge_service.mqtt import ConnectRefusedError, MqttError, MqttSession

MAX_UNREACHABLE_SECONDS = 4.0
"""Maximum seconds between two attempts while there is no connection: messages flow soon after the link is back."""

FIRST_WAIT_SECONDS = 0.2


class Attempts:
    """The pauses of one session.

    Args:
        credentials_dir: a change of its files ends a pause.
        sync_interval: maximum seconds between two attempts that the broker refuses.

    Attributes:
        backoff: of the session.
    """

    def __init__(self, credentials_dir: Path | None, sync_interval: float) -> None:
        self._files = CredentialFiles(credentials_dir)
        self._sync_interval = sync_interval
        self.backoff = Backoff(FIRST_WAIT_SECONDS, min(MAX_UNREACHABLE_SECONDS, sync_interval))

    def failed(self, error: MqttError) -> None:
        """Set the longest pause: a broker that refuses this client is not asked every few seconds."""
        is_refused = isinstance(error, ConnectRefusedError)
        self.backoff.longest = self._sync_interval if is_refused else min(MAX_UNREACHABLE_SECONDS, self._sync_interval)

    async def watch(self, session: MqttSession) -> None:
        """End a pause of `session` when the credentials have changed, until cancelled."""
        seen = self._files.state()
        while True:
            await self._files.changed(seen)
            seen = self._files.state()
            if not session.connected.is_set():
                session.retry_now()
