"""Sessions with many brokers at once, real ones and broken ones."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace

import pytest

from edge_operator.api.broker import BrokerClient
from edge_operator.broker import session
from edge_operator.broker.endpoint import BrokerAddress, Endpoint, Login, SiteKey
from edge_operator.broker.session import Message
from edge_operator.broker.sessions import BrokerSessions
from edge_operator.identity import logins
from edge_service.mqtt import MqttOptions, MqttSession
from edge_service.mqtt.connection import ANSWER_SECONDS
from edge_wire import topics
from tests.support.mosquitto import HOST, Mosquitto, MosquittoFactory

SITE, OTHER = ("factory", "plant"), ("factory", "depot")
SECONDS = 15.0


@dataclass
class Heard:
    """Events of a handler, in their order."""

    told: list[tuple[str, SiteKey]] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    last_words: Callable[[], list[asyncio.Future[int]]] = list

    def on_connected(self, site: SiteKey) -> None:
        self._note("connected", site)

    def on_site_deleted(self, site: SiteKey) -> list[asyncio.Future[int]]:
        self._note("gone", site)
        return self.last_words()

    def on_disconnected(self, site: SiteKey) -> None:
        self._note("down", site)

    def on_message(self, site: SiteKey, message: Message) -> None:
        self.messages.append(message)
        self._note(message.topic, site)

    def _note(self, what: str, site: SiteKey) -> None:
        self.told.append((what, site))
        self.changed.set()

    async def until(self, what: str, site: SiteKey = SITE, times: int = 1) -> None:
        """Wait until so many events of the site have arrived."""
        async with asyncio.timeout(SECONDS):
            while self.told.count((what, site)) < times:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture(scope="module")
def broker(module_mosquitto: MosquittoFactory) -> Mosquitto:
    return module_mosquitto(["pump"])


@pytest.fixture
async def sessions() -> AsyncIterator[BrokerSessions]:
    sessions = BrokerSessions("edge-operator-test")
    yield sessions
    sessions.close_all()
    await sessions.wait_closed()


@pytest.fixture
def heard(sessions: BrokerSessions) -> Heard:
    heard = Heard()
    sessions.start(heard)
    return heard


def endpoint(broker: Mosquitto, password: str | None = None) -> Endpoint:
    login = Login(logins.OPERATOR, password or broker.passwords[logins.OPERATOR])
    return Endpoint(BrokerAddress(HOST, broker.layout.components), login)


@contextlib.asynccontextmanager
async def speaking(broker: Mosquitto, username: str, port: int) -> AsyncIterator[MqttSession]:
    login = Login(username, broker.passwords[username])
    async with MqttSession(MqttOptions(BrokerAddress(HOST, port), username, login=login)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        yield session


async def test_retained_messages_follow_the_connection_the_boot_first(
    sessions: BrokerSessions, heard: Heard, broker: Mosquitto
) -> None:
    status = topics.device_status("pump")
    async with speaking(broker, "pump", broker.layout.mqtt) as device:
        await device.publish(status, b"online", retain=True)
    async with speaking(broker, logins.BROKER_AGENT, broker.layout.components) as agent:
        await agent.publish(topics.BROKER_BOOT, b"boot-1", retain=True)
    sessions.ensure(SITE, endpoint(broker))
    await heard.until(status)
    assert [what for what, _ in heard.told] == ["connected", topics.BROKER_BOOT, status]
    assert all(message.retain for message in heard.messages)
    state = sessions.state(SITE)
    assert state is not None
    assert state.connected
    assert sessions.connected == len(sessions) == 1


async def test_what_is_sent_arrives(sessions: BrokerSessions, heard: Heard, broker: Mosquitto) -> None:
    sessions.ensure(SITE, endpoint(broker))
    await heard.until("connected")
    sessions.send(SITE, topics.device_status("other"), b"online", retain=True)
    await heard.until(topics.device_status("other"))
    sessions.send(SITE, topics.device_status("other"), b"", retain=True)
    await heard.until(topics.device_status("other"), times=2)


async def test_prefix_is_added_to_every_topic_and_removed(
    sessions: BrokerSessions, heard: Heard, mosquitto: MosquittoFactory
) -> None:
    everything = BrokerClient(name="scada", subscribe=["plants/#"], publish=["plants/#"])
    broker = mosquitto(clients=[everything])
    login = Login("~scada", broker.passwords["~scada"])
    sessions.ensure(SITE, Endpoint(BrokerAddress(HOST, broker.layout.mqtt), login, prefix="plants/north/"))
    await heard.until("connected")
    sessions.send(SITE, topics.device_status("pump"), b"online", retain=True)
    await heard.until(topics.device_status("pump"))


async def test_wrong_password_is_its_own_error(sessions: BrokerSessions, heard: Heard, broker: Mosquitto) -> None:
    sessions.ensure(SITE, endpoint(broker, "wrong"))
    await heard.until("down")
    state = sessions.state(SITE)
    assert state is not None
    assert (state.connected, state.refused) == (False, True)
    sessions.ensure(SITE, endpoint(broker))
    await heard.until("connected")


async def test_broker_that_is_down_at_the_start(
    sessions: BrokerSessions, heard: Heard, mosquitto: MosquittoFactory
) -> None:
    broker = mosquitto()
    broker.stop()
    sessions.ensure(SITE, endpoint(broker))
    await heard.until("down", times=2)
    await asyncio.to_thread(broker.start)
    await heard.until("connected")
    broker.kill()
    await heard.until("down", times=3)


async def test_broker_that_gets_ready_is_tried_at_once(
    sessions: BrokerSessions, heard: Heard, mosquitto: MosquittoFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "ABSENT_BACKOFF_SECONDS", 600.0)
    broker = mosquitto()
    broker.stop()
    sessions.ensure(SITE, endpoint(broker))
    sessions.expect(SITE, available=False)
    await heard.until("down")
    # Another session, with a broker that is looked for often, is tried twice more meanwhile.
    sessions.ensure(OTHER, endpoint(broker))
    await heard.until("down", OTHER, times=3)
    assert heard.told.count(("down", SITE)) == 1, "until then it is not tried again"
    await asyncio.to_thread(broker.start)
    sessions.expect(SITE, available=True)
    await heard.until("connected")


async def test_another_address_is_followed(
    sessions: BrokerSessions, heard: Heard, broker: Mosquitto, mosquitto: MosquittoFactory
) -> None:
    sessions.ensure(SITE, endpoint(broker))
    await heard.until("connected")
    sessions.ensure(SITE, endpoint(broker))
    other = mosquitto()
    sessions.ensure(SITE, endpoint(other))
    await heard.until("connected", times=2)
    told = [what for what, _ in heard.told if what in ("connected", "gone", "down")]
    assert told == ["connected", "down", "connected"], "the same endpoint again changes nothing"


async def test_last_messages_for_a_deleted_site_reach_its_broker(
    sessions: BrokerSessions, heard: Heard, broker: Mosquitto
) -> None:
    entries = [topics.roster(f"d{number}") for number in range(2000)]
    sessions.ensure(SITE, endpoint(broker))
    await heard.until("connected")
    await asyncio.gather(*send_all(sessions, entries, b"{}"))
    heard.last_words = lambda: send_all(sessions, entries, b"")
    sessions.close(SITE, site_deleted=True)
    await sessions.wait_closed()
    heard.messages.clear()
    sessions.ensure(SITE, endpoint(broker))
    await heard.until("connected", times=2)
    sessions.send(SITE, topics.ROSTER_END, b"mark")
    await heard.until(topics.ROSTER_END)
    assert not [message.topic for message in heard.messages if message.topic in entries]


def send_all(sessions: BrokerSessions, entries: list[str], payload: bytes) -> list[asyncio.Future[int]]:
    sent = [sessions.send(SITE, topic, payload, retain=True) for topic in entries]
    return [each for each in sent if each is not None]


async def test_recreated_site_gets_all_events_from_the_beginning(
    sessions: BrokerSessions, heard: Heard, broker: Mosquitto
) -> None:
    sessions.ensure(SITE, replace(endpoint(broker), site_uid="old"))
    await heard.until("connected")
    sessions.ensure(SITE, replace(endpoint(broker), site_uid="new"))
    await heard.until("connected", times=2)
    told = [what for what, _ in heard.told if what in ("connected", "gone", "down")]
    assert told == ["connected", "down", "connected"]


async def test_no_event_arrives_of_a_closed_site(sessions: BrokerSessions, heard: Heard, broker: Mosquitto) -> None:
    sessions.ensure(SITE, endpoint(broker))
    await heard.until("connected")
    sessions.close_all()
    await sessions.wait_closed()
    told = len(heard.told)
    sessions.ensure(SITE, endpoint(broker))
    assert (len(sessions), sessions.state(SITE)) == (0, None), "a standby has no session"
    sessions.send(SITE, "nowhere", b"")
    others = BrokerSessions("edge-operator-other")
    theirs = Heard()
    others.start(theirs)
    others.ensure(SITE, endpoint(broker))
    await theirs.until("connected")
    others.close_all()
    await others.wait_closed()
    assert len(heard.told) == told, "meanwhile another has connected"


async def test_a_hundred_broken_brokers_delay_no_other(
    sessions: BrokerSessions, heard: Heard, broker: Mosquitto
) -> None:
    with socket.create_server((HOST, 0), backlog=200) as silent:  # it takes connections and never says a word
        ports = (silent.getsockname()[1], 1)
        for number in range(100):
            broken = Endpoint(BrokerAddress(HOST, ports[number % 2]), Login("~operator", "x"))
            sessions.ensure(("factory", f"broken-{number}"), broken)
        for number in range(1, 100, 2):
            await heard.until("down", ("factory", f"broken-{number}"))
        began = time.monotonic()
        sessions.ensure(SITE, endpoint(broker))
        await heard.until("connected")
        assert time.monotonic() - began < ANSWER_SECONDS / 2, "none of those that do not answer was waited for"
        sessions.close_all()
        await sessions.wait_closed()
