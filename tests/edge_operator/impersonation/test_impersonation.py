"""G8: a device cannot read, write, silence, rob or be anybody else, by no door and in neither version of MQTT.

The broker may say that it agrees (PUBACK, SUBACK, CONNACK): what counts is that nothing in another's name is delivered,
stored or retained, and that nothing is taken from its receiver.
"""

import secrets
from collections.abc import Iterator

import pytest

from edge_operator.api.broker import BrokerClient
from edge_operator.identity import logins
from tests.edge_operator.impersonation.attacks import FILTERS, KNOWN, NAMES, STRANGERS, TOPICS
from tests.edge_operator.impersonation.party import DOORS, VERSIONS, Door, Party, Will
from tests.edge_operator.impersonation.town import ATTACKER, STATUS, VICTIM, Town
from tests.support.mosquitto import MosquittoFactory

CLIENTS = [BrokerClient(name="scada", subscribe=["cloud/sensors/#"], publish=["line/+/set"])]


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
