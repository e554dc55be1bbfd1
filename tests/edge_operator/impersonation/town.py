"""A broker with everybody at work whom an attacker may want to be, to hear, to silence or to rob."""

import json
import secrets
from dataclasses import dataclass, field
from functools import partial

from edge_operator.identity import logins
from tests.edge_operator.impersonation.party import Door, Party, Will
from tests.support.mosquitto import Mosquitto
from tests.support.processes import eventually

VICTIM, ATTACKER, REVOKED = "d1", "d2", "d3"
STATUS, DATA, COMMAND = f"devices/{VICTIM}/status", f"devices/{VICTIM}/data", f"devices/{VICTIM}/command"
OWN = f"devices/{ATTACKER}/"
"""Before the topics that the attacker may write."""

COMPONENTS = {
    "edge-gateway-0": (logins.GATEWAY, "devices/+/status"),
    "edge-operator-0": (logins.OPERATOR, "devices/+/status"),
    "edge-processor": (logins.PROCESSOR, "devices/+/data"),
}
"""Client id to username and what is subscribed beside everything."""


@dataclass
class Town:
    """The broker, its components and the victim.

    Attributes:
        broker: the broker.
        victim: the device that is attacked.
        components: by client id.
    """

    broker: Mosquitto
    victim: Party = field(init=False)
    components: dict[str, Party] = field(default_factory=dict)

    def open(self) -> None:
        """Have everybody come to work."""
        for client_id, (username, topic) in COMPONENTS.items():
            party = Party(Door(self.broker, "components", "v5"))
            assert party.enter(username, self.broker.passwords[username], client_id)
            party.subscribe("#")
            party.subscribe(topic)
            self.components[client_id] = party
        self.victim = Party(Door(self.broker, "mqtt", "v5"))
        will = Will(STATUS, b"the victim's will")
        assert self.victim.enter(VICTIM, self.broker.passwords[VICTIM], VICTIM, will=will)
        self.victim.subscribe(COMMAND)

    def close(self) -> None:
        """Have everybody go home."""
        for party in (self.victim, *self.components.values()):
            party.leave()

    def check_unharmed(self, mark: bytes) -> None:
        """Check that nothing came of an attack whose every payload has `mark` in it.

        A broker works on one packet after the other, and the attack was answered: what is sent now comes after it.
        """
        for party in (self.victim, *self.components.values()):
            assert party.is_connected, "somebody lost his connection"
        said = json.dumps({"id": VICTIM, "status": "online", "metadata": {"at": secrets.token_hex(4)}}).encode()
        self.components["edge-gateway-0"].publish(COMMAND, said)
        for _ in range(4):
            self.victim.publish(DATA, said)
        self.victim.publish(STATUS, said, retain=True)
        soon = partial(eventually, seconds=10, pause=0.002)
        processor = self.components["edge-processor"].heard
        soon("the victim gets its command", lambda: self.victim.heard.count((COMMAND, said)) == 1)
        soon("no reading is taken away", lambda: processor.count((DATA, said)) >= 4)
        for watcher in ("edge-gateway-0", "edge-operator-0"):
            heard = self.components[watcher].heard
            soon(f"{watcher} hears the victim", partial(_has, heard, (STATUS, said)))
        for party in (self.victim, *self.components.values()):
            foreign = [topic for topic, payload in party.heard if mark in payload and not topic.startswith(OWN)]
            assert foreign == [], "something was delivered"
            assert (STATUS, b"the victim's will") not in party.heard, "the victim's life was ended"
        self._check_retained(mark, said)

    def _check_retained(self, mark: bytes, said: bytes) -> None:
        for username in (logins.OPERATOR, logins.PROCESSOR):
            newcomer = Party(Door(self.broker, "components", "v5"))
            assert newcomer.enter(username, self.broker.passwords[username], f"newcomer-{secrets.token_hex(4)}")
            newcomer.subscribe("#")
            if username == logins.OPERATOR:
                eventually("the status is kept", partial(_has, newcomer.heard, (STATUS, said)), pause=0.002)
            kept = [topic for topic, payload in newcomer.heard if mark in payload and not topic.startswith(OWN)]
            newcomer.leave()
            assert kept == [], "something was retained"


def _has(heard: list[tuple[str, bytes]], message: tuple[str, bytes]) -> bool:
    return message in heard
