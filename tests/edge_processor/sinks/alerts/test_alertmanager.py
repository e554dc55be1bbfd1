"""Alerts to a real Alertmanager: repeated, resolved, over its crashes and those of the processor."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from edge_processor.delivery.destination import AlertsRefusedError, DeliveryError
from edge_processor.sinks.alerts.series import ENDS_AFTER
from edge_wire.store import OutboxAlert, StoreUnavailableError
from tests.edge_processor.sinks.alerts.documents import Firing, alert
from tests.edge_processor.sinks.alerts.managers import delivered, destination, until_firing
from tests.edge_processor.sinks.http.far_end import far_end
from tests.edge_service.waiting import eventually
from tests.support.alertmanager import Alertmanager

pytestmark = pytest.mark.process


async def test_an_alert_has_labels_and_annotations_and_ends_by_itself_if_the_site_vanishes(
    manager: Alertmanager,
) -> None:
    store = Firing()
    async with destination(manager.url, store, repeat_seconds=3600) as sink:
        await delivered(sink, *store.commit(alert("pump-1")))
        (found,) = manager.firing().values()
    assert found["labels"] == {
        "alertname": "temperature-high",
        "device_id": "pump-1",
        "sensor_type": "temperature",
        "severity": "critical",
        "location": "hall-1",
        "namespace": "factory",
        "site": "berlin",
    }
    assert found["annotations"] == {
        "summary": "temperature of pump-1 at hall-1 is 93.5: beyond the threshold 80 of temperature-high",
        "value": "93.5",
        "threshold": "80",
    }
    started, ends = (dt.datetime.fromisoformat(found[name]) for name in ("startsAt", "endsAt"))
    assert abs(started - dt.datetime.fromisoformat(store.fires["pump-1"].alert["timestamp"])) < dt.timedelta(seconds=1)
    assert abs(ends - dt.datetime.now(dt.UTC) - ENDS_AFTER) < dt.timedelta(seconds=30)
    assert "generatorURL" not in found


async def test_people_are_notified_of_start_and_end(program: Path, tmp_path: Path) -> None:
    async with far_end(tmp_path) as people:
        await people.stop()
        await people.start(tls=False)
        manager = Alertmanager(program, tmp_path / "alertmanager", f"http://127.0.0.1:{people.port}/notify")
        await asyncio.to_thread(manager.start)
        try:
            store = Firing()
            async with destination(manager.url, store) as sink:
                await delivered(sink, *store.commit(alert("pump-1")))
                await people.count(1)
                await delivered(sink, *store.commit(alert("pump-1", "cleared", 2)))
                await people.count(2)
            assert [json.loads(each[3])["status"] for each in people.requests] == ["firing", "resolved"]
        finally:
            manager.end()


async def test_what_fires_is_repeated_and_its_end_moves(manager: Alertmanager) -> None:
    store = Firing()
    async with destination(manager.url, store) as sink:
        await delivered(sink, *store.commit(alert("pump-1")))
        before = manager.firing()["pump-1"]["endsAt"]
        asked = store.asked
        await eventually("repeated", lambda: store.asked > asked + 2)
        assert manager.firing()["pump-1"]["endsAt"] > before
        assert sink.connected.is_set()
        assert sink.last_error == ""


@pytest.mark.parametrize("end", [Alertmanager.kill, Alertmanager.end], ids=["kill -9", "SIGTERM"])
async def test_after_its_crash_it_has_what_fires_and_not_what_was_cleared_meanwhile(
    manager: Alertmanager, end: Callable[[Alertmanager], None]
) -> None:
    store = Firing()
    async with destination(manager.url, store) as sink:
        await delivered(sink, *store.commit(alert("pump-1"), alert("pump-2"), alert("pump-3")))
        await asyncio.to_thread(end, manager)
        with pytest.raises(DeliveryError):
            await sink.send_alerts(store.commit(alert("pump-2", "cleared", 2)))
        assert not sink.connected.is_set()
        assert "cannot be reached" in sink.last_error
        waiting = asyncio.create_task(delivered(sink, alert("pump-2", "cleared", 2), *store.commit(alert("pump-4"))))
        await asyncio.to_thread(manager.start)
        await waiting
        await until_firing(manager, {"pump-1", "pump-3", "pump-4"})
        asked = store.asked
        await eventually("repeated", lambda: store.asked > asked + 2)
        await until_firing(manager, {"pump-1", "pump-3", "pump-4"})


async def test_after_a_restart_of_the_processor_the_repetition_goes_on(manager: Alertmanager) -> None:
    store = Firing()
    async with destination(manager.url, store) as sink:
        await delivered(sink, *store.commit(alert("pump-1"), alert("pump-2")))
    before = manager.firing()["pump-1"]["endsAt"]
    store.commit(alert("pump-2", "cleared", 2))
    async with destination(manager.url, store, repeat_seconds=3600) as sink:
        # The clear comes from the log after the cursor, as the sink reads it.
        await delivered(sink, alert("pump-2", "cleared", 2))
        await eventually("repeated", lambda: store.asked)
        await delivered(sink, alert("pump-3", "cleared", 3))
    fires = manager.firing()
    assert set(fires) == {"pump-1"}
    assert fires["pump-1"]["endsAt"] > before


async def test_an_alert_that_fires_again_is_not_resolved_by_its_earlier_end(manager: Alertmanager) -> None:
    store = Firing()
    async with destination(manager.url, store) as sink:
        await delivered(sink, *store.commit(alert("pump-1"), alert("pump-1", "cleared", 2), alert("pump-1", number=3)))
        asked = store.asked
        await eventually("repeated", lambda: store.asked > asked + 2)
        assert set(manager.firing()) == {"pump-1"}


@pytest.mark.parametrize("hours", [-24, 24], ids=["a clock that is slow", "a clock that is fast"])
async def test_a_device_with_a_wrong_clock_fires_and_clears(manager: Alertmanager, hours: int) -> None:
    store, wrong = Firing(), (dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)).isoformat()
    async with destination(manager.url, store) as sink:
        await delivered(sink, *store.commit(alert("pump-1", timestamp=wrong)))
        assert set(manager.firing()) == {"pump-1"}
        await delivered(sink, *store.commit(alert("pump-1", "cleared", 2, timestamp=wrong)))
        await until_firing(manager, set())


async def test_a_malformed_alert_is_refused_and_holds_up_no_other(manager: Alertmanager) -> None:
    store = Firing()
    bad = OutboxAlert(2, {"alert_id": "x"})
    async with destination(manager.url, store) as sink:
        with pytest.raises(AlertsRefusedError) as refused:
            await sink.send_alerts([*store.commit(alert("pump-1")), bad, *store.commit(alert("pump-2", number=3))])
        assert [at for at, _ in refused.value.refused] == [1]
        assert set(manager.firing()) == {"pump-1", "pump-2"}


async def test_many_alerts_fire_and_clear(manager: Alertmanager) -> None:
    store, devices = Firing(), {f"pump-{number}" for number in range(1200)}
    async with destination(manager.url, store, repeat_seconds=3600, answer_seconds=60.0) as sink:
        await delivered(sink, *store.commit(*(alert(device) for device in devices)))
        assert set(manager.firing()) == devices
        await delivered(sink, *store.commit(*(alert(device, "cleared", 2) for device in devices)))
        await until_firing(manager, set())


async def test_a_store_that_cannot_be_reached_is_asked_again(manager: Alertmanager) -> None:
    store = Firing()
    store.commit(alert("pump-1"))
    store.error = StoreUnavailableError("away")
    async with destination(manager.url, store):
        await eventually("asked", lambda: store.asked > 1)
        assert store.asked < 10, "not in a loop"
        store.error = None
        await until_firing(manager, {"pump-1"})


@pytest.mark.parametrize("restarted", [False, True], ids=["the same process", "after a restart"])
async def test_an_alert_that_clears_elsewhere_and_with_another_severity_is_resolved(
    manager: Alertmanager, *, restarted: bool
) -> None:
    store = Firing()
    async with destination(manager.url, store) as sink:
        await delivered(sink, *store.commit(alert("pump-1")))
        assert set(manager.firing()) == {"pump-1"}
        cleared = store.commit(alert("pump-1", "cleared", 2, location="hall-2", severity="Info"))
        if not restarted:
            await delivered(sink, *cleared)
            assert manager.firing() == {}
    async with destination(manager.url, store, repeat_seconds=3600) as sink:
        await delivered(sink, *cleared)
        assert manager.firing() == {}
