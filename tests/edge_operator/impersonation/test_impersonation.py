"""G8: a device cannot read, write, silence, rob or be anybody else, by no door and in neither version of MQTT.

The broker may say that it agrees (PUBACK, SUBACK, CONNACK): what counts is that nothing in another's name is delivered,
stored or retained, and that nothing is taken from its receiver.
"""

import secrets
from collections.abc import Iterator

import pytest

from edge_operator.api.broker import BrokerClient
from edge_operator.identity import logins
from edge_operator.identity.logins import device_login
from tests.edge_operator.impersonation.party import DOORS, VERSIONS, Door, Party, Will
from tests.edge_operator.impersonation.town import ATTACKER, COMMAND, DATA, OWN, REVOKED, STATUS, VICTIM, Town
from tests.support.mosquitto import ROOT, MosquittoFactory

CLIENTS = [BrokerClient(name="scada", subscribe=["cloud/sensors/#"], publish=["line/+/set"])]

TOPICS = {
    "another's status": STATUS,
    "another's readings": DATA,
    "another's command": COMMAND,
    "an answer of another": f"{COMMAND}/ack",
    "its own command": f"{OWN}command",
    "a level that no device has": "devices/status",
    "a device without a name": "devices//status",
    "the pattern's own letters": "devices/%u/status",
    "a component's username": f"devices/{logins.GATEWAY}/status",
    "a device that nobody knows": "devices/nobody/status",
    "below its own status": f"{OWN}status/more",
    "readings for the cloud": f"cloud/sensors/{VICTIM}",
    "an alert": f"alerts/{VICTIM}",
    "who is alive": "edge/activity",
    "who is asked": "edge/activity/request",
    "the queue's mark": "edge/activity/marker",
    "a component's life": "edge/status/processor",
    "the list of devices": f"edge/roster/{VICTIM}",
    "the broker's start": "edge/broker/boot",
    "the broker's figures": "$SYS/broker/uptime",
    "the broker's control": "$CONTROL/dynamic-security/v1",
    "a shared topic": f"$share/edge/{STATUS}",
    "any other": "line/a/set",
}
"""Where a device may not publish, nor have a will."""

FILTERS = {
    "everything": "#",
    "everything, level by level": "+/+/+",
    "all devices": "devices/#",
    "all readings": "devices/+/data",
    "another's status": STATUS,
    "another's commands": COMMAND,
    "all commands": "devices/+/command",
    "its own readings": f"{OWN}data",
    "what is for the cloud": "cloud/#",
    "what components say": "edge/#",
    "the broker's figures": "$SYS/#",
    "the broker's control": "$CONTROL/#",
    "a share of all readings": "$share/edge/devices/+/data",
    "a share of everything": "$share/edge/#",
    "a share of another's commands": f"$share/edge/{COMMAND}",
    "a share named like a component": "$share/edge-processor/devices/+/data",
}
"""What a device may not hear, whatever it subscribes to."""

NAMES = {
    "another device": VICTIM,
    "the processor": "edge-processor",
    "a gateway": "edge-gateway-0",
    "the operator": "edge-operator-0",
    "a username": logins.GATEWAY,
    "the pattern": "%u",
    "one level": "+",
    "all levels": "#",
    "a path": f"../{VICTIM}",
    "no name": "",
}
"""Client ids that a device may give itself."""

KNOWN = "the attacker's own"
STRANGERS: dict[str, tuple[str | None, str | None]] = {
    "nobody": (None, None),
    "an empty username": ("", KNOWN),
    "an empty username and password": ("", ""),
    "a wrong password": (VICTIM, "wrong"),
    "no password": (VICTIM, None),
    "an empty password": (VICTIM, ""),
    "another's name with its own password": (VICTIM, KNOWN),
    "a component's name": (logins.GATEWAY, KNOWN),
    "the operator's name": (logins.OPERATOR, KNOWN),
    "the agent's proof": ("~mqtt.reload", KNOWN),
    "a client's name": ("~scada", KNOWN),
    "its own name with a tilde": (f"~{ATTACKER}", KNOWN),
    "the tilde alone": ("~", KNOWN),
    "the pattern": ("%u", KNOWN),
    "the pattern for the client id": ("%c", KNOWN),
    "one level": ("+", KNOWN),
    "all levels": ("#", KNOWN),
    "a path to another": (f"{ATTACKER}/../{VICTIM}", KNOWN),
    "a level more": (f"{ATTACKER}/status", KNOWN),
    "a line of the password file": (f"{ATTACKER}:x", KNOWN),
    "two lines": (f"{ATTACKER}\n{VICTIM}", KNOWN),
    "another's name in capitals": (VICTIM.upper(), KNOWN),
    "a blank after the name": (f"{ATTACKER} ", KNOWN),
    "a revoked device": (REVOKED, device_login(ROOT, REVOKED, 0).password),
    "a rotation that is not in effect": (VICTIM, device_login(ROOT, VICTIM, 1).password),
}
"""Usernames and passwords that get nobody in."""


@pytest.fixture(scope="module")
def town(module_mosquitto: MosquittoFactory) -> Iterator[Town]:
    town = Town(module_mosquitto([VICTIM, ATTACKER], CLIENTS))
    town.open()
    yield town
    town.close()


@pytest.fixture(scope="module", params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=DOORS)
def door(request: pytest.FixtureRequest, town: Town, version: str) -> Door:
    return Door(town.broker, request.param, version)


@pytest.fixture(scope="module", params=[name for name in DOORS if name != "components"])
def device_door(request: pytest.FixtureRequest, town: Town, version: str) -> Door:
    """A door at which a client id is nobody's choice; that of the components is kept by a NetworkPolicy beside."""
    return Door(town.broker, request.param, version)


@pytest.fixture
def mark() -> bytes:
    """What stands in every payload of this attack."""
    return f"forged-{secrets.token_hex(6)}".encode()


@pytest.fixture
def attacker(door: Door, town: Town) -> Iterator[Party]:
    """A device with a login of its own; once the test is through, nothing has come to it that is not its own."""
    attacker = Party(door)
    assert attacker.enter(ATTACKER, town.broker.passwords[ATTACKER], ATTACKER)
    yield attacker
    attacker.leave()
    assert [topic for topic, _ in attacker.heard] == []


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_publish(topic: str, attacker: Party, town: Town, mark: bytes) -> None:
    attacker.publish(topic, b'{"status":"offline","reason":"Disconnected","by":"' + mark + b'"}', retain=True)
    town.check_unharmed(mark)


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_will(topic: str, door: Door, town: Town, mark: bytes) -> None:
    dying = Party(door)
    will = Will(topic, b'{"status":"offline","by":"' + mark + b'"}')
    if dying.enter(ATTACKER, town.broker.passwords[ATTACKER], ATTACKER, will=will):
        dying.break_off()
    else:
        dying.leave()
    # The broker has seen that the connection is gone once it lets the same client in again.
    again = Party(door)
    assert again.enter(ATTACKER, town.broker.passwords[ATTACKER], ATTACKER)
    town.check_unharmed(mark)
    again.leave()


@pytest.mark.parametrize("topic", FILTERS.values(), ids=FILTERS)
def test_subscribe(topic: str, attacker: Party, town: Town, mark: bytes) -> None:
    attacker.subscribe(topic)
    town.check_unharmed(mark)


def test_clearing_what_is_retained(attacker: Party, town: Town, mark: bytes) -> None:
    town.check_unharmed(mark)
    attacker.publish(STATUS, b"", retain=True)
    newcomer = Party(Door(town.broker, "components", "v5"))
    assert newcomer.enter(logins.OPERATOR, town.broker.passwords[logins.OPERATOR], "newcomer")
    newcomer.subscribe(STATUS)
    town.check_unharmed(mark)
    newcomer.leave()
    assert newcomer.heard[0][0] == STATUS


@pytest.mark.parametrize("clean", [True, False], ids=["clean", "session kept"])
@pytest.mark.parametrize("client_id", NAMES.values(), ids=NAMES)
def test_client_id(client_id: str, clean: bool, device_door: Door, town: Town, mark: bytes) -> None:  # noqa: FBT001
    pretender = Party(device_door)
    try:
        if pretender.enter(ATTACKER, town.broker.passwords[ATTACKER], client_id, clean=clean):
            pretender.subscribe("#")
            pretender.publish(STATUS, mark)
    except ValueError:
        assert (client_id, clean) == ("", False), "no client can be asked to send this"
    town.check_unharmed(mark)
    pretender.leave()
    assert pretender.heard == []


@pytest.mark.parametrize(("username", "password"), STRANGERS.values(), ids=STRANGERS)
def test_stranger(username: str | None, password: str | None, door: Door, town: Town, mark: bytes) -> None:
    given = town.broker.passwords[ATTACKER] if password == KNOWN else password
    stranger = Party(door)
    assert not stranger.enter(username, given, VICTIM, will=Will(STATUS, mark))
    stranger.break_off()
    town.check_unharmed(mark)
    assert stranger.heard == []
