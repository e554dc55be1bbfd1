"""Kafka as a destination, with a real node that runs all the time."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from e2e.kafka.node import Kafka
from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError, LaneName, Outcome
from edge_processor.sinks.kafka import kafka_destination
from edge_wire.store import OutboxAlert
from tests.edge_processor.sinks.kafka.at_kafka import (
    SITE,
    check,
    credentials,
    deliver,
    is_said,
    reading,
    readings,
    running,
    settings,
    until,
)
from tests.support.kafka import OTHER_ROOT, authority, create_topic, read_topic

Brokers = Callable[[Kafka, Path], tuple[str, Path | None]]

LARGE = 30_000
"""Random bytes of a reading that is too large for a topic with a limit of 20,000."""

LISTENERS: dict[str, Brokers] = {
    "plaintext": lambda kafka, _: (kafka.brokers, None),
    "TLS": lambda kafka, path: (kafka.tls_brokers, credentials(path / "secret", password=None)),
    "SASL over TLS": lambda kafka, path: (kafka.sasl_brokers, credentials(path / "secret")),
}


def alert(number: int, note: str = "") -> OutboxAlert:
    device = f"sensor-{number:03d}"
    return OutboxAlert(number, {"device_id": device, "alert_id": f"a-{number}", "state": "firing", "note": note})


@pytest.mark.parametrize("listener", LISTENERS)
async def test_readings_arrive_in_order_with_key_and_headers(
    listener: str, module_kafka: Kafka, tmp_path: Path
) -> None:
    topic = f"readings-{listener.replace(' ', '-')}"
    create_topic(module_kafka, topic)
    brokers, directory = LISTENERS[listener](module_kafka, tmp_path)
    async with running(settings(brokers, topic, directory)) as destination:
        await until("connected", destination.connected)
        outcomes = await deliver(destination, readings(1, 3000))
        assert outcomes == [Outcome()] * 6
        assert destination.last_error == ""
    assert check(read_topic(module_kafka, topic), readings(1, 3000)) == 0


async def test_both_lanes_deliver_and_neither_waits_for_the_other(module_kafka: Kafka) -> None:
    create_topic(module_kafka, "lanes")
    async with running(settings(module_kafka.brokers, "lanes")) as destination:
        backlog = [destination.sender("backlog").send(readings(at, 2000)) for at in range(1, 40_000, 2000)]
        live = destination.sender("live").send(readings(50_001, 100))
        await live
        assert not backlog[-1].done()
        await asyncio.gather(*backlog)
    records = read_topic(module_kafka, "lanes")
    lanes: dict[LaneName, list[tuple[int, bytes]]] = {"backlog": readings(1, 40_000), "live": readings(50_001, 100)}
    for entries in lanes.values():
        own = {str(offset) for offset, _ in entries}
        assert check([record for record in records if record.headers["offset"] in own], entries) == 0


async def test_a_record_that_is_too_large_is_refused_and_the_others_go_on(module_kafka: Kafka) -> None:
    create_topic(module_kafka, "too-large", max_message_bytes="20000")
    entries = readings(1, 1200)
    for at in (3, 700, 701):
        entries[at] = reading(entries[at][0], LARGE)
    async with running(settings(module_kafka.brokers, "too-large")) as destination:
        outcomes = await deliver(destination, entries)
        refused = [(number * 500 + at, why) for number, each in enumerate(outcomes) for at, why in each.refused]
        assert [at for at, _ in refused] == [3, 700, 701]
        assert "too large" in refused[0][1]
        assert destination.connected.is_set()
        # Requests are large again.
        await deliver(destination, readings(2001, 5000))
    taken = [entry for at, entry in enumerate(entries) if at not in (3, 700, 701)] + readings(2001, 5000)
    check(read_topic(module_kafka, "too-large"), taken)


async def test_a_record_beyond_the_limit_of_the_producer_is_refused(module_kafka: Kafka) -> None:
    create_topic(module_kafka, "huge")
    entries = [*readings(1, 3), reading(4, 5 * 1024 * 1024), *readings(5, 3)]
    async with running(settings(module_kafka.brokers, "huge")) as destination:
        [outcome] = await deliver(destination, entries)
    assert [at for at, _ in outcome.refused] == [3]
    check(read_topic(module_kafka, "huge"), [*entries[:3], *entries[4:]])


async def test_a_topic_that_allows_only_small_requests_gets_all(module_kafka: Kafka) -> None:
    create_topic(module_kafka, "small", partitions=1, max_message_bytes="3000")
    entries = [reading(offset, 500) for offset in range(1, 401)]
    async with running(settings(module_kafka.brokers, "small")) as destination:
        assert await deliver(destination, entries, batch=200) == [Outcome()] * 2
    check(read_topic(module_kafka, "small"), entries)


async def test_alerts_arrive_and_one_that_is_too_large_is_refused(module_kafka: Kafka) -> None:
    create_topic(module_kafka, "site")
    create_topic(module_kafka, "site-alerts", max_message_bytes="20000", compression_type="uncompressed")
    async with running(settings(module_kafka.brokers, "site")) as destination:
        await destination.send_alerts([alert(1), alert(2)])
        large = alert(4, reading(4, LARGE)[1].hex())
        with pytest.raises(AlertsRefusedError) as refused:
            await destination.send_alerts([alert(3), large, alert(5)])
        assert [at for at, _ in refused.value.refused] == [1]
    records = read_topic(module_kafka, "site-alerts")
    assert sorted({record.headers["id"] for record in records}) == ["1", "2", "3", "5"]
    for record in records:
        known = alert(int(record.headers["id"]))
        assert record.key == f"{SITE}/{known.alert['device_id']}"
        assert orjson.loads(record.value) == known.alert


async def test_a_secret_with_the_right_password_heals_a_wrong_one(module_kafka: Kafka, tmp_path: Path) -> None:
    create_topic(module_kafka, "wrong-password")
    directory = credentials(tmp_path / "secret", password="wrong-one")
    async with running(settings(module_kafka.sasl_brokers, "wrong-password", directory)) as destination:
        sent = asyncio.create_task(deliver(destination, readings(1, 500)))
        await is_said(destination, "Kafka rejects the login: correct username and password in the Secret")
        assert "wrong-one" not in destination.last_error
        credentials(directory)
        await until("connected", destination.connected, 10.0)
        assert await sent == [Outcome()]
        assert destination.last_error == ""
    assert check(read_topic(module_kafka, "wrong-password"), readings(1, 500)) == 0


async def test_a_secret_that_changes_under_load_loses_nothing(module_kafka: Kafka, tmp_path: Path) -> None:
    create_topic(module_kafka, "rotated")
    directory = credentials(tmp_path / "secret")
    async with running(settings(module_kafka.sasl_brokers, "rotated", directory)) as destination:
        for round_ in range(3):
            sent = asyncio.create_task(deliver(destination, readings(1 + 20_000 * round_, 20_000)))
            credentials(directory)
            await sent
        credentials(directory, password="wrong-one")
        await is_said(destination, "Kafka rejects the login")
    check(read_topic(module_kafka, "rotated"), readings(1, 60_000))


async def test_another_authority_is_named_and_the_right_one_heals(module_kafka: Kafka, tmp_path: Path) -> None:
    create_topic(module_kafka, "authority")
    directory = credentials(tmp_path / "secret", pem=authority(OTHER_ROOT))
    async with running(settings(module_kafka.sasl_brokers, "authority", directory)) as destination:
        await is_said(destination, "ca.crt must contain the authority of the brokers' certificates")
        credentials(directory)
        await until("connected", destination.connected, 10.0)
        await deliver(destination, readings(1, 10))


async def test_files_that_cannot_be_used_are_named(module_kafka: Kafka, tmp_path: Path) -> None:
    create_topic(module_kafka, "files")
    directory = credentials(tmp_path / "secret", pem="no certificate")
    async with running(settings(module_kafka.sasl_brokers, "files", directory)) as destination:
        await is_said(destination, "ca.crt")
        (directory / "..data" / "password").unlink()
        await is_said(destination, f"{directory / 'password'} is missing or empty")
        credentials(directory)
        await until("connected", destination.connected, 10.0)


async def test_readings_wait_for_a_topic_that_does_not_exist(kafka: Callable[..., Kafka]) -> None:
    node = kafka(auto_create_topics_enable="false")
    async with running(settings(node.brokers, "missing")) as destination:
        sent = asyncio.create_task(deliver(destination, readings(1, 700)))
        await is_said(destination, "the topic missing does not exist: create it")
        create_topic(node, "missing")
        await until("connected", destination.connected, 5.0)
        assert await sent == [Outcome()] * 2
        # Readings do not wait for the topic of the alerts.
        with pytest.raises(DeliveryError, match="the topic missing-alerts does not exist"):
            await destination.send_alerts([alert(1)])
        assert destination.connected.is_set()
        await deliver(destination, readings(701, 700))
    assert check(read_topic(node, "missing"), readings(1, 1400)) == 0


async def test_a_second_run_waits_for_the_first(module_kafka: Kafka) -> None:
    create_topic(module_kafka, "twice")
    destination = kafka_destination(settings(module_kafka.brokers, "twice"), "log")
    first, second = (asyncio.create_task(destination.run()) for _ in range(2))
    await until("connected", destination.connected)
    first.cancel()
    await asyncio.wait([first])
    await deliver(destination, readings(1, 10))
    second.cancel()
    await asyncio.wait([second])
