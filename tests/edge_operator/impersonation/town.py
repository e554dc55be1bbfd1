"""A broker with all clients that an attacker may want to impersonate, to read or to disconnect."""

import json
import secrets
from dataclasses import dataclass, field
from functools import partial

from edge_operator.identity import logins
from edge_wire import topics
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

ENDS = {logins.OPERATOR: topics.roster("end"), logins.PROCESSOR: topics.ACTIVITY_MARKER}
"""Username to a topic that it may both write and read."""


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
        """Check that an attack with `mark` in every payload had no effect.

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
            foreign = [(to, what) for to, what in party.heard if mark in what and not to.startswith(OWN)]
            assert foreign == [], "something was delivered"
            assert (STATUS, b"the victim's will") not in party.heard, "the victim's life was ended"
        self._check_retained(mark, said)

    def dismiss(self, attacker: Party) -> None:
        """End a device's connection, if the broker has not, once it has got all that was sent to it so far."""
        if attacker.is_connected:
            attacker.subscribe(f"{OWN}command")
            end = (f"{OWN}command", secrets.token_hex(4).encode())
            self.components["edge-gateway-0"].publish(*end)
            eventually("the attacker gets its own command", partial(_has, attacker.heard, end), pause=0.002)
        attacker.leave()

    def _check_retained(self, mark: bytes, said: bytes) -> None:
        kept = self.retained(logins.OPERATOR)
        assert (STATUS, said) in kept, "the status is not kept"
        for topic, payload in (*kept, *self.retained(logins.PROCESSOR)):
            assert mark not in payload or topic.startswith(OWN), f"{topic} was retained: {payload!r}"

    def retained(self, username: str) -> list[tuple[str, bytes]]:
        """Return topic and payload of all that is retained and that a component may read.

        A broker sends what it has retained before what is published after the subscription.
        """
        newcomer = Party(Door(self.broker, "components", "v5"))
        assert newcomer.enter(username, self.broker.passwords[username], f"newcomer-{secrets.token_hex(4)}")
        newcomer.subscribe("#")
        end = (ENDS[username], secrets.token_hex(4).encode())
        newcomer.publish(*end)
        eventually("the end of what is retained", partial(_has, newcomer.heard, end), pause=0.002)
        newcomer.leave()
        return newcomer.heard[: newcomer.heard.index(end)]


def _has(heard: list[tuple[str, bytes]], message: tuple[str, bytes]) -> bool:
    return message in heard
