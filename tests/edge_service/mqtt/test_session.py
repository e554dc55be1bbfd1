"""A session against a real broker, with the logins and access rules that the operator renders."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from edge_pacing.backoff import Backoff
from edge_service.address import BrokerAddress
from edge_service.mqtt import (
    NO_MATCHING_SUBSCRIBERS,
    Message,
    MqttError,
    MqttOptions,
    MqttSession,
    NotConnectedError,
    PublishRefusedError,
    Subscription,
    Will,
)
from tests.edge_service.waiting import eventually
from tests.support.mosquitto import Mosquitto, MosquittoFactory

SECONDS = 10.0
DATA = Subscription("devices/+/data")
COMMANDS = Subscription("devices/d1/command")


@pytest.fixture
def broker(mosquitto: MosquittoFactory) -> Mosquitto:
    return mosquitto(devices=["d1"])


def device(broker: Mosquitto, **options: object) -> MqttOptions:
    return MqttOptions(
        BrokerAddress.parse(broker.url),
        "d1",
        broker.credentials("d1"),
        **options,  # type: ignore[arg-type]
    )


def component(broker: Mosquitto, name: str, **options: object) -> MqttOptions:
    address = BrokerAddress.parse(broker.components_url)
    return MqttOptions(address, f"edge-{name}", broker.credentials(f"~{name}"), **options)  # type: ignore[arg-type]


def processor(broker: Mosquitto, receive_maximum: int = 100) -> MqttOptions:
    return component(
        broker,
        "processor",
        clean_start=False,
        session_expiry=3600,
        receive_maximum=receive_maximum,
        manual_ack=True,
        subscriptions=(DATA,),
    )


class Inbox:
    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()

    def __call__(self, message: Message) -> None:
        self.messages.put_nowait(message)

    async def next(self) -> Message:
        async with asyncio.timeout(SECONDS):
            return await self.messages.get()

    async def payloads(self, count: int) -> list[bytes]:
        return [(await self.next()).payload for _ in range(count)]


@asynccontextmanager
async def connected(options: MqttOptions, inbox: Inbox | None = None) -> AsyncIterator[MqttSession]:
    async with MqttSession(options, inbox or Inbox(), backoff=Backoff(0.05, 0.2)) as session:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        yield session


async def test_what_is_published_arrives_with_all_that_belongs_to_it(broker: Mosquitto) -> None:
    inbox = Inbox()
    status = Subscription("devices/+/status")
    async with connected(device(broker)) as sender:
        await sender.publish("devices/d1/status", b"online", retain=True)
        async with connected(component(broker, "gateway", subscriptions=(status,)), inbox):
            replay = await inbox.next()
            await sender.publish("devices/d1/status", b"offline", retain=True)
            fresh = await inbox.next()
    assert (replay.topic, replay.payload, replay.qos, replay.retain) == ("devices/d1/status", b"online", 1, True)
    assert (fresh.payload, fresh.retain) == (b"offline", False)


async def test_all_levels_of_service_are_acknowledged_in_order(broker: Mosquitto) -> None:
    async with connected(component(broker, "processor")) as sender:
        for qos in (0, 1, 2):
            async with asyncio.timeout(SECONDS):
                await sender.publish("alerts/d1", b"x", qos)
    inbox = Inbox()
    async with connected(processor(broker, receive_maximum=1000), inbox), connected(device(broker)) as sender:
        sent = [f"{number}".encode() for number in range(1000)]
        await asyncio.gather(*(sender.send("devices/d1/data", each) for each in sent))
        assert await inbox.payloads(1000) == sent


async def test_the_broker_s_refusal_is_an_error(broker: Mosquitto) -> None:
    async with connected(component(broker, "processor")) as sender:
        with pytest.raises(PublishRefusedError, match="Not authorized"):
            await sender.publish("edge/broker/boot", b"x")


async def test_the_acknowledgement_says_whether_anybody_gets_it(broker: Mosquitto) -> None:
    async with connected(device(broker)) as sender:
        assert await sender.publish("devices/d1/data", b"x") == NO_MATCHING_SUBSCRIBERS
        async with connected(processor(broker)):
            assert await sender.publish("devices/d1/data", b"x") == 0
        assert await sender.publish("devices/d1/data", b"x") == 0


async def test_what_has_expired_does_not_come_to_a_session_that_slept(broker: Mosquitto) -> None:
    sleeper = replace(device(broker), clean_start=False, session_expiry=60, subscriptions=(COMMANDS,))
    async with connected(sleeper):
        pass
    async with connected(component(broker, "gateway")) as gateway:
        for payload, expiry in ((b"expires", 1), (b"lasts", 60), (b"stays", None)):
            assert await gateway.publish(COMMANDS.topic, payload, expiry=expiry) != NO_MATCHING_SUBSCRIBERS
        await asyncio.sleep(2)  # the broker's clock has whole seconds
        inbox = Inbox()
        async with connected(sleeper, inbox):
            assert await inbox.payloads(2) == [b"lasts", b"stays"]


async def test_without_a_connection_publishing_fails_at_once(broker: Mosquitto) -> None:
    session = MqttSession(device(broker))
    with pytest.raises(NotConnectedError, match="not connected yet"):
        await session.publish("devices/d1/data", b"x")


async def test_unacknowledged_messages_come_again_and_acknowledged_ones_do_not(broker: Mosquitto) -> None:
    inbox = Inbox()
    async with connected(processor(broker), inbox), connected(device(broker)) as sender:
        for number in range(5):
            await sender.publish("devices/d1/data", f"{number}".encode())
        first = [await inbox.next() for _ in range(5)]
        assert [message.ack() for message in first[:2]] == [True, True]
    async with connected(processor(broker), inbox):
        again = [await inbox.next() for _ in range(3)]
    assert [(message.payload, message.dup) for message in again] == [(b"2", True), (b"3", True), (b"4", True)]


async def test_an_acknowledgement_never_reaches_a_later_connection(broker: Mosquitto) -> None:
    """A PUBACK sent late would acknowledge whatever now has the same packet identifier."""
    inbox = Inbox()
    async with connected(processor(broker), inbox) as session:
        async with connected(device(broker)) as sender:
            for number in range(3):
                await sender.publish("devices/d1/data", f"{number}".encode())
            old = [await inbox.next() for _ in range(3)]
            await take_over(broker, session)
            again = [await inbox.next() for _ in range(3)]
            assert [message.ack() for message in old] == [False, False, False]
        await take_over(broker, session)
        assert await inbox.payloads(3) == [message.payload for message in again]


async def take_over(broker: Mosquitto, session: MqttSession) -> None:
    """Cut the session's connection by connecting in its name, and wait until it is back."""
    before = session.connects
    async with connected(processor(broker, receive_maximum=1)):
        pass
    await eventually("connected again", lambda: session.connects > before and session.connected.is_set())


async def test_the_receive_maximum_bounds_what_is_held(broker: Mosquitto) -> None:
    inbox = Inbox()
    async with connected(processor(broker, receive_maximum=10), inbox), connected(device(broker)) as sender:
        await asyncio.gather(*(sender.send("devices/d1/data", b"x") for _ in range(50)))
        held = [await inbox.next() for _ in range(10)]
        await sender.publish("devices/d1/data", b"x")
        assert inbox.messages.empty()
        for message in held:
            message.ack()
        await inbox.payloads(10)


async def test_it_connects_whenever_the_broker_comes(broker: Mosquitto) -> None:
    broker.stop()
    inbox = Inbox()
    async with MqttSession(processor(broker), inbox, backoff=Backoff(0.05, 0.2)) as session:
        await eventually("tried", lambda: "cannot be reached" in session.last_error)
        assert not session.connected.is_set()
        for _ in range(2):
            await asyncio.to_thread(broker.start)
            async with asyncio.timeout(SECONDS):
                await session.connected.wait()
            async with connected(device(broker)) as sender:
                await sender.publish("devices/d1/data", b"x")
                (await inbox.next()).ack()
                lost = asyncio.create_task(sender.publish("devices/d1/data", b"y"))
                await asyncio.to_thread(broker.kill)
                await asyncio.wait([lost], timeout=SECONDS)
                assert isinstance(lost.exception(), NotConnectedError | None)
            await eventually("the end is seen", lambda: not session.connected.is_set())


async def test_in_a_hurry_it_does_not_wait_for_the_next_attempt(broker: Mosquitto) -> None:
    broker.stop()
    async with MqttSession(processor(broker), backoff=Backoff(600, 600)) as session:
        await eventually("tried", lambda: "cannot be reached" in session.last_error)
        await asyncio.to_thread(broker.start)
        session.retry_now()
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()


async def test_the_same_trouble_is_warned_of_once(broker: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    broker.stop()
    caplog.set_level(logging.WARNING, "edge_service.mqtt.session")
    downs: list[MqttError] = []
    async with MqttSession(processor(broker), backoff=Backoff(0.05, 0.05), on_down=downs.append):
        await eventually("tried again and again", lambda: len(downs) >= 5)
    warned = [each for each in caplog.records if each.levelname == "WARNING" and "cannot be reached" in each.message]
    assert len(warned) == 1


async def test_the_password_is_read_on_each_connect(broker: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "username").write_text("d1")
    (tmp_path / "password").write_text("wrong")
    options = MqttOptions(BrokerAddress.parse(broker.url), "d1", tmp_path)
    async with MqttSession(options, backoff=Backoff(0.05, 0.2)) as session:
        await eventually("refused", lambda: "Not authorized" in session.last_error)
        (tmp_path / "password").write_text(broker.passwords["d1"])
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()


async def test_the_will_is_of_each_connection_and_a_goodbye_leaves_none(broker: Mosquitto) -> None:
    inbox, wills = Inbox(), iter([b"first", b"second"])
    options = device(broker, will=lambda: Will("devices/d1/status", next(wills), 1, retain=True))
    status = Subscription("devices/+/status")
    async with connected(component(broker, "gateway", subscriptions=(status,)), inbox):
        async with connected(options) as session:
            # Mosquitto publishes the will of a client that it disconnects.
            async with connected(device(broker)):
                assert (await inbox.next()).payload == b"first"
            await eventually("connected again", lambda: session.connects == 2 and session.connected.is_set())
        async with connected(device(broker)) as after:
            await after.publish("devices/d1/status", b"after")
        assert (await inbox.next()).payload == b"after"


async def test_the_prefix_is_outside_only(broker: Mosquitto) -> None:
    """With the prefix `devices/`, the topic `+/data` is `devices/+/data` on the broker."""
    inbox = Inbox()
    options = component(broker, "processor", prefix="devices/", subscriptions=(Subscription("+/data"),))
    async with connected(options, inbox), connected(device(broker)) as sender:
        await sender.publish("devices/d1/data", b"x")
        assert (await inbox.next()).topic == "d1/data"
    assert "as devices.edge-processor (" in broker.log.read_text()


async def test_a_receiver_that_fails_does_not_end_the_session(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = Inbox()

    def receive(message: Message) -> None:
        if message.payload == b"bad":
            raise RuntimeError("cannot")
        inbox(message)

    async with MqttSession(processor(broker), receive) as session, connected(device(broker)) as sender:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        await sender.publish("devices/d1/data", b"bad")
        await sender.publish("devices/d1/data", b"good")
        assert (await inbox.next()).payload == b"good"
        assert session.connects == 1
    assert any("dropped a message on devices/d1/data: " in message for message in caplog.messages)


async def test_what_is_done_on_connecting_may_fail(broker: Mosquitto, caplog: pytest.LogCaptureFixture) -> None:
    async def greet(session_present: bool) -> None:  # noqa: FBT001 - the shape of the callback
        raise RuntimeError(f"session present: {session_present}")

    with caplog.at_level(logging.ERROR):
        async with MqttSession(device(broker), on_connected=greet) as session:
            async with asyncio.timeout(SECONDS):
                await session.connected.wait()
            await session.publish("devices/d1/data", b"x")
    assert "session present: False" in caplog.text


@pytest.mark.parametrize("end", [Mosquitto.kill, Mosquitto.stop], ids=["killed", "stopped"])
async def test_whoever_cannot_send_can_wait_for_a_connection(
    broker: Mosquitto, end: Callable[[Mosquitto], None]
) -> None:
    """Otherwise a task that waits and sends again would loop for ever, and no other task would run."""
    async with connected(device(broker)) as session:
        ending = asyncio.create_task(asyncio.to_thread(end, broker))
        while True:
            sent = session.send("devices/d1/data", b"{}", qos=0)
            if sent.done() and isinstance(sent.exception(), NotConnectedError):
                break
            await asyncio.sleep(0)
        assert not session.connected.is_set()
        await ending
