"""The status of a site: what is taken over from the facts, and what is written although the status stays."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from edge_operator.status.facts import BrokerFacts, ComponentFacts, SiteFacts, TopicFacts
from edge_operator.status.site import site_status, site_update
from edge_wire.messages import DataLost, StorageReport

THEN, NOW = "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"
UP = ComponentFacts("gateway", "mirror.example.com/gateway:9", 3, 2, rolled_out=True)
WELL = SiteFacts(3, components=(UP,))
AWAY = BrokerFacts(connected=False, message="no route to host")
CONNECTED = BrokerFacts(connected=True, message="connected to mqtt://a:1884")


def broker_condition(status: dict[str, Any]) -> dict[str, Any]:
    (found,) = (each for each in status["conditions"] if each["type"] == "BrokerConnected")
    return dict(found)


def test_status_tells_generation_components_and_endpoints() -> None:
    endpoints = {"http": "http://edge.example.com:80", "mqtts": "mqtts://edge.example.com:8883"}
    status = site_status(replace(WELL, endpoints=endpoints), {}, NOW)
    assert status["observedGeneration"] == 3
    assert status["phase"] == "Ready"
    assert status["components"] == [
        {"name": "gateway", "ready": 2, "desired": 3, "image": "mirror.example.com/gateway:9"}
    ]
    assert status["endpoints"] == {"http": "http://edge.example.com:80", "mqtts": "mqtts://edge.example.com:8883"}
    assert "devices" not in status


def test_first_status_is_written() -> None:
    assert site_update(WELL, {}, NOW) == site_status(WELL, {}, NOW)


def test_no_endpoints_no_field() -> None:
    assert "endpoints" not in site_status(WELL, {"endpoints": {"http": "http://old"}}, NOW)


def test_another_address_is_written() -> None:
    before = site_status(replace(WELL, endpoints={"http": "http://a:80"}), {}, THEN)
    after = site_update(replace(WELL, endpoints={"http": "http://b:80"}), before, NOW)
    assert after is not None
    assert after["endpoints"] == {"http": "http://b:80"}


NOTHING, DROPS = TopicFacts(), TopicFacts(dropping_seconds=600.0)
LOST = TopicFacts(data_lost=DataLost("cut off", datetime(2026, 11, 30, 9, tzinfo=UTC)))
NOT_REPORTED = TopicFacts(keeps_data_lost=True)


@pytest.mark.parametrize(
    ("was", "now", "told"), [(NOTHING, DROPS, True), (DROPS, NOTHING, False)], ids=["begins", "is over"]
)
def test_that_a_broker_drops_is_written_alone(was: TopicFacts, now: TopicFacts, *, told: bool) -> None:
    before = site_status(replace(WELL, broker=CONNECTED, topics=was), {}, THEN)
    after = site_update(replace(WELL, broker=CONNECTED, topics=now), before, NOW)
    assert after is not None
    assert ("BrokerDropping" in {each["type"] for each in after["conditions"]}) is told


FULL = TopicFacts(storage=StorageReport(used_bytes=4096, dropped_readings=2, problem="disk full"))


def test_figures_and_problems_of_the_store_are_written() -> None:
    after = site_update(replace(WELL, topics=FULL), site_status(WELL, {}, THEN), NOW)
    assert after is not None
    assert after["storage"] == {"bytes": 4096, "dropped": 2}
    assert "StorageFull" in {each["type"] for each in after["conditions"]}


def test_figures_and_problems_of_the_store_stay_until_it_reports() -> None:
    before = site_status(replace(WELL, topics=FULL), {}, THEN)
    assert site_update(WELL, before, NOW) is None


def test_a_problem_of_the_store_that_is_over_is_removed() -> None:
    before = site_status(replace(WELL, topics=FULL), {}, THEN)
    after = site_update(replace(WELL, topics=TopicFacts(storage=StorageReport())), before, NOW)
    assert after is not None
    assert "StorageFull" not in {each["type"] for each in after["conditions"]}


@pytest.mark.parametrize(
    ("was", "now", "broker", "told"),
    [
        (NOTHING, LOST, CONNECTED, True),
        (LOST, NOTHING, CONNECTED, False),
        (LOST, NOT_REPORTED, CONNECTED, True),
        (LOST, NOTHING, None, True),
        (NOTHING, NOT_REPORTED, CONNECTED, False),
    ],
    ids=["found", "over", "not reported yet", "no connection yet", "nothing to keep"],
)
def test_that_a_broker_has_lost_data_stays_until_it_reports_otherwise(
    was: TopicFacts, now: TopicFacts, broker: BrokerFacts | None, *, told: bool
) -> None:
    before = site_status(replace(WELL, broker=CONNECTED, topics=was), {}, THEN)
    after = site_status(replace(WELL, broker=broker, topics=now), before, NOW)
    assert ("BrokerDataLost" in {each["type"] for each in after["conditions"]}) is told


BROKER_CHANGES = {
    "another reason for being away": (
        AWAY,
        BrokerFacts(connected=False, message="not authorised", refused=True),
        ("False", "BrokerRefused", "not authorised", THEN),
    ),
    "back to the first reason": (
        BrokerFacts(connected=False, message="who?", untrusted=True),
        AWAY,
        ("False", "BrokerUnreachable", "no route to host", THEN),
    ),
    "connected to another address": (
        CONNECTED,
        replace(CONNECTED, message="connected to mqtt://b:1884"),
        ("True", "Connected", "connected to mqtt://b:1884", THEN),
    ),
    "lost": (CONNECTED, AWAY, ("False", "BrokerUnreachable", "no route to host", NOW)),
    "found": (AWAY, CONNECTED, ("True", "Connected", "connected to mqtt://a:1884", NOW)),
}


@pytest.mark.parametrize(("was", "now", "expected"), BROKER_CHANGES.values(), ids=BROKER_CHANGES)
def test_change_of_the_broker_connection_is_written(
    was: BrokerFacts, now: BrokerFacts, expected: tuple[str, str, str, str]
) -> None:
    before = site_status(replace(WELL, broker=was), {}, THEN)
    after = site_update(replace(WELL, broker=now), before, NOW)
    assert after is not None
    said = broker_condition(after)
    assert (said["status"], said["reason"], said["message"], said["lastTransitionTime"]) == expected
