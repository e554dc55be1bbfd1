"""G8: a device cannot read, write, silence, rob or be anybody else, by no door and in neither version of MQTT.

The broker may say that it agrees (PUBACK, SUBACK, CONNACK): what counts is that nothing in another's name is delivered,
stored or retained, and that nothing is taken from its receiver.

Each attack goes by every door before it is checked what came of it: its payloads name the door.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from edge_operator.api.broker import BrokerClient
from edge_operator.identity import logins
from tests.edge_operator.impersonation.attacks import FILTERS, KNOWN, NAMES, STRANGERS, TOPICS
from tests.edge_operator.impersonation.party import DOORS, VERSIONS, Door, Party, Will
from tests.edge_operator.impersonation.town import ATTACKER, OWN, STATUS, VICTIM, Town
from tests.support.mosquitto import MosquittoFactory

CLIENTS = [BrokerClient(name="scada", subscribe=["cloud/sensors/#"], publish=["line/+/set"])]


@pytest.fixture(scope="module")
def town(module_mosquitto: MosquittoFactory) -> Iterator[Town]:
    town = Town(module_mosquitto([VICTIM, ATTACKER], CLIENTS))
    town.open()
    yield town
    town.close()


@pytest.fixture(scope="module")
def doors(town: Town) -> list[Door]:
    """Every listener, in both versions of MQTT."""
    return [Door(town.broker, name, version) for version in VERSIONS for name in DOORS]


@pytest.fixture(scope="module")
def device_doors(doors: list[Door]) -> list[Door]:
    """Those at which a client cannot choose its id; that of the components is kept by a NetworkPolicy beside."""
    return [door for door in doors if door.name != "components"]


@pytest.fixture
def mark() -> bytes:
    """Text in every payload of this attack."""
    return f"forged-{secrets.token_hex(6)}".encode()


def forged(mark: bytes, door: Door) -> bytes:
    by = mark + f" {door.name} {door.version}".encode()
    return b'{"status":"offline","reason":"Disconnected","by":"' + by + b'"}'


@contextmanager
def attacking(door: Door, town: Town) -> Iterator[Party]:
    """A device with a login of its own; at the end nothing has come to it that is not its own."""
    attacker = Party(door)
    assert attacker.enter(ATTACKER, town.broker.passwords[ATTACKER], ATTACKER)
    yield attacker
    town.dismiss(attacker)
    assert [topic for topic, _ in attacker.heard if topic != f"{OWN}command"] == [], door


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_publish(topic: str, doors: list[Door], town: Town, mark: bytes) -> None:
    for door in doors:
        with attacking(door, town) as attacker:
            attacker.publish(topic, forged(mark, door), retain=True)
    town.check_unharmed(mark)


@pytest.mark.parametrize("topic", TOPICS.values(), ids=TOPICS)
def test_will(topic: str, doors: list[Door], town: Town, mark: bytes) -> None:
    for door in doors:
        dying = Party(door)
        if dying.enter(ATTACKER, town.broker.passwords[ATTACKER], ATTACKER, will=Will(topic, forged(mark, door))):
            dying.break_off()
        else:
            dying.leave()
        # The broker has seen that the connection is gone once it lets the same client in again.
        again = Party(door)
        assert again.enter(ATTACKER, town.broker.passwords[ATTACKER], ATTACKER)
        again.leave()
    town.check_unharmed(mark)


@pytest.mark.parametrize("topic", FILTERS.values(), ids=FILTERS)
def test_subscribe(topic: str, doors: list[Door], town: Town, mark: bytes) -> None:
    for door in doors:
        with attacking(door, town) as attacker:
            attacker.subscribe(topic)
            town.check_unharmed(mark)


def test_clearing_what_is_retained(doors: list[Door], town: Town, mark: bytes) -> None:
    town.check_unharmed(mark)
    before = [each for each in town.retained(logins.OPERATOR) if each[0] == STATUS]
    assert before, "there must be something to clear"
    for door in doors:
        with attacking(door, town) as attacker:
            attacker.publish(STATUS, b"", retain=True)
        # The victim must not have published again: that would bring back what was cleared.
        assert [each for each in town.retained(logins.OPERATOR) if each[0] == STATUS] == before, door
    town.check_unharmed(mark)


@pytest.mark.parametrize("clean", [True, False], ids=["clean", "session kept"])
@pytest.mark.parametrize("client_id", NAMES.values(), ids=NAMES)
def test_client_id(client_id: str, clean: bool, device_doors: list[Door], town: Town, mark: bytes) -> None:  # noqa: FBT001
    for door in device_doors:
        pretender = Party(door)
        try:
            if pretender.enter(ATTACKER, town.broker.passwords[ATTACKER], client_id, clean=clean):
                pretender.subscribe("#")
                pretender.publish(STATUS, forged(mark, door))
        except ValueError:
            assert (client_id, clean) == ("", False), "no client can be asked to send this"
        town.check_unharmed(mark)
        pretender.leave()
        assert pretender.heard == [], door


@pytest.mark.parametrize(("username", "password"), STRANGERS.values(), ids=STRANGERS)
def test_stranger(username: str | None, password: str | None, doors: list[Door], town: Town, mark: bytes) -> None:
    given = town.broker.passwords[ATTACKER] if password == KNOWN else password
    strangers = [Party(door) for door in doors]
    for stranger in strangers:
        assert not stranger.enter(username, given, VICTIM, will=Will(STATUS, forged(mark, stranger.door))), stranger
        stranger.break_off()
    town.check_unharmed(mark)
    assert [stranger for stranger in strangers if stranger.heard] == []
