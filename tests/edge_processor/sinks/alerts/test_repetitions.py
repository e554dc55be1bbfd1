"""Repetitions that meet the end of an alert on their way: the alert does not fire again."""

import asyncio
from signal import SIGCONT, SIGSTOP

import pytest

from tests.edge_processor.sinks.alerts.documents import Firing, alert
from tests.edge_processor.sinks.alerts.managers import delivered, destination, until_firing
from tests.edge_service.waiting import eventually
from tests.support.alertmanager import Alertmanager

pytestmark = pytest.mark.process


async def test_an_alert_that_clears_while_it_is_being_repeated_does_not_fire_again(manager: Alertmanager) -> None:
    store = Firing()
    async with destination(manager.url, store) as sink:
        await delivered(sink, *store.commit(alert("pump-1")))
        store.gate.clear()
        asked = store.asked
        await eventually("it has read what fires, and not posted it", lambda: store.asked > asked)
        cleared = asyncio.create_task(delivered(sink, *store.commit(alert("pump-1", "cleared", 2))))
        await asyncio.sleep(0.2)
        store.gate.set()
        await cleared
        assert manager.firing() == {}
        asked = store.asked
        await eventually("repeated", lambda: store.asked > asked + 2)
        assert manager.firing() == {}


async def test_a_repetition_that_was_stuck_on_its_way_is_resolved_by_the_next_one(manager: Alertmanager) -> None:
    store = Firing()
    async with destination(manager.url, store, answer_seconds=1.0) as sink:
        await delivered(sink, *store.commit(alert("pump-1")))
        manager.signal(SIGSTOP)
        await eventually("a repetition has no answer", lambda: not sink.connected.is_set())
        waiting = asyncio.create_task(delivered(sink, *store.commit(alert("pump-1", "cleared", 2))))
        await asyncio.sleep(2.5)
        manager.signal(SIGCONT)
        await waiting
        await asyncio.to_thread(_post_stuck, manager)
        assert set(manager.firing()) == {"pump-1"}, "the stuck repetition arrives last"
        await until_firing(manager, set())


def _post_stuck(manager: Alertmanager) -> None:
    """Post a repetition as an earlier one would arrive that was delayed on its way."""

    async def post() -> None:
        store = Firing()
        store.commit(alert("pump-1"))
        async with destination(manager.url, store, repeat_seconds=3600):
            await eventually("posted", manager.firing)

    asyncio.run(post())
