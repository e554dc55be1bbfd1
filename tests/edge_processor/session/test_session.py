"""The ingester's session against a real broker, with the logins and access rules that the operator renders."""

import asyncio
import time
from pathlib import Path

import pytest

from edge_mqtt5 import Bulk
from edge_processor.session import IngestSession
from edge_service.address import BrokerAddress
from edge_service.mqtt import (
    NO_MATCHING_SUBSCRIBERS,
    MqttOptions,
    NotConnectedError,
    PublishRefusedError,
    Subscription,
    Will,
)
from tests.edge_processor.conftest import CLIENTS
from tests.edge_processor.session.receiving import (
    SECONDS,
    Received,
    component,
    connected,
    device,
    numbered,
    processor,
    quick,
    send,
)
from tests.edge_service.waiting import eventually
from tests.support.mosquitto import Mosquitto, MosquittoFactory

MANY = 20_000


@pytest.fixture
def broker(mosquitto: MosquittoFactory) -> Mosquitto:
    return mosquitto(devices=["d1"], clients=CLIENTS)


async def test_many_messages_are_received_acknowledged_and_published_in_order(broker: Mosquitto) -> None:
    received, republished = Received(), Received()
    scada = MqttOptions(
        BrokerAddress.parse(broker.url),
        "~scada",
        broker.credentials("~scada"),
        receive_maximum=1000,
        subscriptions=(Subscription("cloud/sensors/#"),),
    )
    async with (
        connected(processor(broker, 1000), received) as ingester,
        connected(scada, republished),
        connected(device(broker, inflight=1000)) as sender,
    ):
        sending = asyncio.create_task(send(sender, numbered(MANY)))
        await received.count(MANY)
        await asyncio.gather(sending, send(ingester, received.payloads, b"cloud/sensors/d1"))
        assert await republished.count(MANY) == numbered(MANY)
    assert received.payloads == numbered(MANY)
    assert received.repeated == []
    assert len(received.batches) < MANY / 20, "a read brings many messages"


async def test_unacknowledged_messages_come_again_and_acknowledged_ones_do_not(broker: Mosquitto) -> None:
    received, again = Received(acknowledges=False), Received()
    async with connected(processor(broker), received), connected(device(broker)) as sender:
        await send(sender, numbered(5))
        await received.count(5)
        assert received.acknowledge(received.messages[:2])
    async with connected(processor(broker), again):
        assert await again.count(3) == [b"2", b"3", b"4"]
        assert again.repeated == again.payloads
    assert not received.acknowledge(received.messages[2:]), "no acknowledgement reaches a later connection"


async def test_the_receive_maximum_bounds_what_is_unacknowledged(broker: Mosquitto) -> None:
    received = Received(acknowledges=False)
    async with connected(processor(broker, receive_maximum=10), received), connected(device(broker)) as sender:
        await send(sender, numbered(50))
        await received.count(10)
        await sender.publish("devices/d1/data", b"x")
        assert len(received.messages) == 10
        received.acknowledge(received.messages[:4])
        await received.count(14)
        received.acknowledges = True
        received.acknowledge(received.messages[4:])
        await received.count(51)


async def test_all_levels_of_service_are_acknowledged(broker: Mosquitto) -> None:
    async with connected(component(broker, "processor")) as sender, asyncio.timeout(SECONDS):
        for qos in (0, 1, 2):
            await sender.publish("alerts/d1", b"x", qos)
        assert await sender.publish("alerts/d1", b"x") == NO_MATCHING_SUBSCRIBERS
        await asyncio.gather(*(sender.send("alerts/d1", b"x", qos) for qos in (0, 1, 2) * 300))


@pytest.mark.parametrize("qos", [1, 2])
async def test_the_broker_s_refusal_is_an_error(qos: int, broker: Mosquitto) -> None:
    async with connected(component(broker, "processor")) as sender:
        with pytest.raises(PublishRefusedError, match="Not authorized"):
            await sender.publish("edge/broker/boot", b"x", qos)


async def test_refused_messages_of_many_are_named_and_hold_up_none(broker: Mosquitto) -> None:
    told: list[Bulk] = []
    async with connected(component(broker, "processor")) as sender:
        topics = [b"edge/broker/boot" if number % 3 == 0 else b"cloud/sensors/d1" for number in range(10)]
        sender.publish_many([(topic, b"x") for topic in topics], told.append)
        await eventually("all are settled", lambda: told and told[-1].is_complete)
    assert told[-1].refused == dict.fromkeys((0, 3, 6, 9), 0x87)


async def test_what_is_published_without_a_connection_waits_for_one(broker: Mosquitto) -> None:
    broker.stop()
    async with IngestSession(device(broker), backoff=quick()) as session:
        with pytest.raises(NotConnectedError):
            await session.publish("devices/d1/data", b"x")
        sending = asyncio.create_task(send(session, numbered(10)))
        await eventually("tried", lambda: "cannot be reached" in session.last_error)
        await asyncio.to_thread(broker.start)
        await sending


@pytest.mark.parametrize("kill", [True, False], ids=["kill -9", "SIGTERM"])
async def test_a_broker_that_ends_in_a_burst_gets_the_rest_afterwards(broker: Mosquitto, *, kill: bool) -> None:
    """After SIGTERM a durable subscriber gets all of them in order; kill -9 costs the broker what it has not saved."""
    received, bulks = Received(), list[Bulk]()
    async with connected(processor(broker, 1000), received), connected(device(broker, inflight=500)) as sender:
        sender.publish_many([(b"devices/d1/data", each) for each in numbered(MANY)], bulks.append)
        await received.count(MANY // 10)
        single = asyncio.create_task(sender.publish("devices/d1/data", b"0"))
        await asyncio.to_thread(broker.kill if kill else broker.stop)
        await asyncio.wait({single})
        assert isinstance(single.exception(), NotConnectedError | None)
        assert not bulks[-1].is_complete
        await asyncio.to_thread(broker.start)
        await eventually("all are confirmed", lambda: bulks[-1].is_complete)
        assert sender.connects > 1
        if not kill:
            await received.until(lambda: received.payloads[-1] == b"%d" % (MANY - 1))
            first_time = [int(each) for each in dict.fromkeys(received.payloads)]
            assert first_time == [*range(MANY)]


async def test_a_connection_that_is_cut_within_a_packet_leaves_nothing_of_it(broker: Mosquitto) -> None:
    """A proxy cuts the connection after so many bytes; the broker must see whole packets only on the next one."""
    received = Received()
    address = BrokerAddress.parse(broker.url)
    limits = [0, 311, 1003, 5007, 20_011]

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int) -> None:
        while limit > 0 and (data := await reader.read(min(limit, 4096))):
            limit -= len(data)
            writer.write(data)
            await writer.drain()
        writer.transport.abort()

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        to_reader, to_writer = await asyncio.open_connection(address.host, address.port)
        limit = limits.pop() if limits else 1 << 30
        await asyncio.gather(
            forward(reader, to_writer, limit), forward(to_reader, writer, 1 << 30), return_exceptions=True
        )

    async with await asyncio.start_server(proxy, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        options = MqttOptions(
            BrokerAddress("127.0.0.1", port),
            "d1",
            broker.credentials("d1"),
            clean_start=False,
            session_expiry=60,
            keepalive=2,
        )
        async with connected(processor(broker, 1000), received), connected(options) as sender:
            await send(sender, numbered(2000))
            await received.until(lambda: received.payloads[-1] == b"1999")
    assert [int(each) for each in dict.fromkeys(received.payloads)] == [*range(2000)]
    assert limits == []
    assert "rotocol error" not in broker.log.read_text()
    assert "alformed" not in broker.log.read_text()


async def test_the_password_is_read_on_each_connect(broker: Mosquitto, tmp_path: Path) -> None:
    (tmp_path / "username").write_text("d1")
    (tmp_path / "password").write_text("wrong")
    options = MqttOptions(BrokerAddress.parse(broker.url), "d1", tmp_path)
    async with IngestSession(options, backoff=quick()) as session:
        await eventually("refused", lambda: "refuses the client d1: Not authorized" in session.last_error)
        (tmp_path / "password").write_text("x" * 70_000)
        await eventually("too long", lambda: "cannot be sent" in session.last_error)
        (tmp_path / "password").write_text(broker.passwords["d1"])
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()


async def test_the_will_is_published_after_a_cut_and_not_after_a_goodbye(broker: Mosquitto) -> None:
    received, wills = Received(), iter([b"first", b"second"])
    status = Subscription("devices/+/status")
    options = device(broker, will=lambda: Will("devices/d1/status", next(wills), 1, retain=True))
    async with connected(component(broker, "gateway", subscriptions=(status,)), received):
        async with connected(options) as session:
            # Mosquitto publishes the will of a client that it disconnects.
            async with connected(device(broker)):
                assert await received.count(1) == [b"first"]
            await eventually("connected again", lambda: session.connects == 2 and session.connected.is_set())
            assert "taken over" in session.last_error
        async with connected(device(broker)) as after:
            await after.publish("devices/d1/status", b"after")
        assert await received.count(2) == [b"first", b"after"]


async def test_the_prefix_is_outside_only(broker: Mosquitto) -> None:
    """With the prefix `devices/`, the topic `d1/data` is `devices/d1/data` on the broker."""
    received = Received()
    options = device(broker, prefix="devices/")
    async with connected(processor(broker), received), connected(options) as sender:
        await send(sender, [b"many"], b"d1/data")
        await sender.publish("d1/data", b"single")
        assert await received.count(2) == [b"many", b"single"]
    assert "as devices/d1 (" in broker.log.read_text() or "as d1 (" in broker.log.read_text()


async def test_a_receiver_that_fails_does_not_end_the_session(
    broker: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    received = Received()

    def receive(publishes: object, connection: object) -> None:
        if b"bad" in str(publishes).encode():
            raise RuntimeError("cannot")
        received(publishes, connection)  # type: ignore[arg-type]

    async with IngestSession(processor(broker), receive) as session, connected(device(broker)) as sender:
        async with asyncio.timeout(SECONDS):
            await session.connected.wait()
        await sender.publish("devices/d1/data", b"bad")
        await eventually("logged", lambda: "dropped 1 messages: internal error" in caplog.text)
        await sender.publish("devices/d1/data", b"good")
        assert await received.count(1) == [b"good"]
        assert session.connects == 1


async def test_a_shutdown_sends_what_waits_and_needs_no_answer(broker: Mosquitto) -> None:
    received = Received()
    async with connected(processor(broker), received):
        async with connected(device(broker)) as sender:
            sender.send("devices/d1/data", b"last")
            began = time.monotonic()
        assert time.monotonic() - began < 5
        assert await received.count(1) == [b"last"]
