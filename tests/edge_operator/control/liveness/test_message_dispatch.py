"""Each message of a site's broker reaches the part that its topic is for, and is counted by its kind."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.broker.sessions import BrokerSessions
from edge_operator.control.cache.resource_cache import DeviceCache, SiteCache
from edge_operator.control.liveness.device_index import DeviceIndex
from edge_operator.control.liveness.message_handler import BrokerMessageHandler
from edge_operator.control.liveness.site_adapter import SiteLivenessAdapter
from edge_operator.control.site_broker.retained_cleanup import RetainedCleanup
from edge_operator.control.site_broker.roster_publisher import RosterPublisher
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topic_table
from edge_wire.messages import BrokerBoot, ComponentStatus, DataLost, StorageReport
from edge_wire.topic_table import TABLE
from tests.edge_operator.control.samples import SITE, Time, device, message, site

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)


class Receiver:
    """Receives the messages of a site with one device, `pump`."""

    def __init__(self) -> None:
        self.metrics, clocks, sessions = Metrics(), Time().clocks, BrokerSessions("test")
        sites, devices = SiteCache(lambda *_: None), DeviceCache(lambda *_: None)
        sites.put(site().body)
        devices.put(device().body)
        self.index = DeviceIndex(sites, devices, clocks)
        self.cleanup = RetainedCleanup(sessions, sites, devices, self.metrics, clocks.steady)
        rosters = RosterPublisher(sessions, sites, devices, self.metrics, clocks.steady)
        self.site_topics = SiteTopics(self.metrics, lambda _: None, clocks.steady, clocks.wall)
        self.handler = BrokerMessageHandler(
            self.index, sessions, self.cleanup, rosters, lambda _: None, self.site_topics, self.metrics
        )

    def count(self, kind: str) -> float:
        """Return how many messages of a kind were counted."""
        return self.metrics.registry.get_sample_value("edge_broker_messages_total", {"kind": kind}) or 0.0


KINDS = {
    "the drops": ("$SYS/broker/publish/messages/dropped", b"7", "dropped"),
    "the drops in words": ("$SYS/broker/publish/messages/dropped", b"seven", "malformed"),
    "a roster entry": ("edge/roster/pump", b"{}", "roster"),
    "the end of the roster": ("edge/roster/~end", b"x", "roster"),
    "a roster entry of nobody": ("edge/roster/~gateway", b"", "malformed"),
    "a status": ("devices/pump/status", b"online", "status"),
    "a cleared status": ("devices/pump/status", b"", "cleared"),
    "no status": ("devices/pump/status", b"{", "malformed"),
    "a status of nobody": ("devices/~gateway/status", b"online", "malformed"),
    "a component": ("edge/status/processor", b'{"component": "processor", "status": "online"}', "component"),
    "a digest": ("edge/activity", b'{"source": "processor", "ages": {}, "queue_lag_seconds": 0}', "activity"),
    "a boot id": ("edge/broker/boot", b"a1", "boot"),
    "the uptime": ("$SYS/broker/uptime", b"42 seconds", "uptime"),
    "a reading": ("devices/pump/data", b"{}", "malformed"),
}


@pytest.mark.parametrize(("topic", "payload", "kind"), KINDS.values(), ids=KINDS)
def test_message_is_counted_by_its_kind(topic: str, payload: bytes, kind: str) -> None:
    receiver = Receiver()
    receiver.handler.on_message(SITE, message(topic, payload))
    assert receiver.count(kind) == 1


UNKNOWN = {
    "status": ("devices/ghost/status", b"online", True),
    "no status": ("devices/ghost/status", b"{", True),
    "cleared status": ("devices/ghost/status", b"", False),
    "roster entry": ("edge/roster/ghost", b"{}", False),
}


@pytest.mark.parametrize(("topic", "payload", "kept"), UNKNOWN.values(), ids=UNKNOWN)
def test_status_of_an_unknown_device_is_kept_for_the_cleanup(topic: str, payload: bytes, *, kept: bool) -> None:
    receiver = Receiver()
    receiver.handler.on_message(SITE, message(topic, payload))
    assert (receiver.cleanup.take_pending(SITE, "ghost") is not None) is kept


def test_status_of_a_known_device_is_not_kept_for_the_cleanup() -> None:
    receiver = Receiver()
    receiver.handler.on_message(SITE, message("devices/pump/status", b"online"))
    assert receiver.cleanup.take_pending(SITE, "pump") is None


TOPICS = st.sampled_from([each.of("pump") if each.variable else each.pattern for each in TABLE]) | st.text(max_size=30)


@given(TOPICS, st.binary(max_size=100), st.booleans())
def test_no_message_ends_the_operator(topic: str, payload: bytes, retain: bool) -> None:  # noqa: FBT001
    receiver = Receiver()
    receiver.handler.on_message(SITE, message(topic, payload, retain=retain))
    assert receiver.index.id_owner(SITE, "pump") is not None


def test_two_topics_report_liveness_and_a_fact_of_the_site_and_no_other_has_two_handlers() -> None:
    both = {*SiteLivenessAdapter.HANDLERS.topics} & {*SiteTopics.HANDLERS.topics}
    assert both == {topic_table.BROKER_BOOT, topic_table.COMPONENT_STATUS}


def test_boot_that_lost_data_is_a_new_boot_and_a_fact_of_the_site() -> None:
    receiver = Receiver()
    payload = BrokerBoot("b2", DataLost("cut off", NOW)).encode()
    receiver.handler.on_message(SITE, message("edge/broker/boot", payload, retain=True))
    assert receiver.count("boot") == 1
    assert receiver.site_topics.get(site()).data_lost == DataLost("cut off", NOW)


def test_status_of_the_processor_has_the_report_of_the_store() -> None:
    receiver, report = Receiver(), StorageReport(used_bytes=4096)
    payload = ComponentStatus("processor", "online", extra={"storage": report.to_object()}).encode()
    receiver.handler.on_message(SITE, message("edge/status/processor", payload, retain=True))
    assert receiver.count("component") == 1
    assert receiver.site_topics.get(site()).storage == report
