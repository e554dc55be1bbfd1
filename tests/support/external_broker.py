"""A broker that a user runs: TLS by an authority of his own, a prefix before every topic, logins that he gives out."""

import re
from dataclasses import dataclass
from pathlib import Path
from signal import SIGHUP

from edge_operator.identity.passwords import Login, password_file
from tests.support.mosquitto import HOST, ROOT, Mosquitto


@dataclass(frozen=True)
class ExternalBroker:
    """The broker.

    Attributes:
        broker: the Mosquitto.
        prefix: before every topic of the site.
    """

    broker: Mosquitto
    prefix: str

    @property
    def url(self) -> str:
        """Where it is reached: with TLS only."""
        return f"mqtts://{HOST}:{self.broker.layout.mqtts}"

    @property
    def authority(self) -> str:
        """The certificate of its authority, in PEM."""
        return self.broker.authority

    def set_up(self, logins: dict[str, str], *, ties_client_ids: bool = False) -> None:
        """Give it a user's own configuration and these logins, each with all topics under the prefix.

        With `ties_client_ids` all clients of one login get the same client id, on each listener.
        """
        self.broker.stop()
        conf = Path(self.broker.layout.config_dir) / "mosquitto.conf"
        text = re.sub(r"^use_username_as_clientid true\n", "", conf.read_text(), flags=re.MULTILINE)
        if ties_client_ids:
            text = re.sub(r"^(listener .*)$", r"\1\nuse_username_as_clientid true", text, flags=re.MULTILINE)
        conf.write_text(text)
        rules = (f"user {username}\ntopic readwrite {self.prefix}#\n" for username in logins)
        (Path(self.broker.layout.config_dir) / "acl").write_text("\n".join(rules))
        self._write(logins)
        self.broker.passwords.clear()
        self.broker.passwords.update(logins)
        self.broker.launch()

    def change(self, logins: dict[str, str]) -> None:
        """Set other passwords; clients that connected with an old one are disconnected."""
        self._write(logins)
        self.broker.passwords.update(logins)
        self.broker.signal(SIGHUP)

    def _write(self, logins: dict[str, str]) -> None:
        lines = password_file(ROOT, [Login(username, password) for username, password in logins.items()])
        (Path(self.broker.layout.auth_dir) / "passwords").write_text(lines)
