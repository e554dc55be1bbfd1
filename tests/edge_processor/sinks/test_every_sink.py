"""What each sink of the ingester promises (edge_processor/sinks/sink.py), with a real broker and a real store."""

import asyncio
import inspect
from importlib import import_module
from pathlib import Path

import pytest

from edge_processor.settings import ProcessorSettings
from edge_processor.sinks import registry
from edge_wire.store import FencedError
from tests.edge_processor.sinks.at_work import DESTINATIONS, LEASE_SECONDS, at_work, listening, sinks_of, unconnected
from tests.edge_processor.site import Site

PROTOCOL = ("stored", "stored_elsewhere", "run", "drained")

every_sink = pytest.mark.parametrize("name", unconnected())


def test_every_class_of_a_sink_is_in_the_list() -> None:
    """The methods of the protocol are those of a sink."""
    names = {path.stem for path in Path(registry.__file__).parent.glob("*.py")} - {"__init__", "sink"}
    modules = [import_module(f"edge_processor.sinks.{name}") for name in sorted(names)]
    members = {name: member for module in modules for name, member in inspect.getmembers(module, inspect.isclass)}
    own = {name: member for name, member in members.items() if member.__module__.startswith("edge_processor.sinks.")}
    classes = {name for name, member in own.items() if all(hasattr(member, each) for each in PROTOCOL)} - {"Sink"}
    listed = {type(sink).__name__ for sink in sinks_of(ProcessorSettings(webhook_url="https://hooks.test"))}
    assert classes == listed, "registry.py has an entry for each sink"


def test_every_sink_has_a_row() -> None:
    assert sorted(unconnected()) == sorted(DESTINATIONS), "DESTINATIONS says how it is seen that a sink delivers"


@every_sink
async def test_what_is_stored_is_delivered(name: str, module_site: Site) -> None:
    async with listening(module_site) as heard, at_work(module_site, name, "d1") as work:
        await work.put(range(10))
        await work.put(range(10, 20))
        await work.delivered(heard, 20)


@every_sink
async def test_a_broker_that_comes_back_gets_what_was_stored_meanwhile(name: str, module_site: Site) -> None:
    broker = module_site.broker
    async with listening(module_site) as heard, at_work(module_site, name, "d2") as work:
        await work.put(range(100))
        await asyncio.to_thread(broker.stop)
        await work.put(range(100, 200))
        await asyncio.to_thread(broker.start)
        await work.delivered(heard, 200)


@every_sink
async def test_the_shutdown_waits_for_what_is_under_way(name: str, module_site: Site) -> None:
    async with listening(module_site) as heard:
        async with at_work(module_site, name, "d3") as work:
            await work.drained()
            await work.put(range(200))
            await work.drained()
        await work.delivered(heard, 200)


@every_sink
async def test_the_shutdown_does_not_wait_for_a_broker_that_cannot_be_reached(name: str, module_site: Site) -> None:
    broker = module_site.broker
    async with listening(module_site) as heard, at_work(module_site, name, "d4") as work:
        await asyncio.to_thread(broker.stop)
        await work.put(range(2))
        await work.drained()
        await asyncio.to_thread(broker.start)
        await work.delivered(heard, 2)


@every_sink
async def test_what_the_broker_refuses_is_counted_and_holds_up_nothing(name: str, module_site: Site) -> None:
    """The store's login may publish neither readings nor alerts."""
    async with at_work(module_site, name, "d5", "~storage") as work:
        await work.await_empty_outbox()
        before = work.refused()
        await work.put(range(4))
        await work.drained()
        assert not work.running.done()
        assert work.refused() - before == 4


@every_sink
async def test_a_sink_that_is_fenced_off_ends(name: str, module_site: Site) -> None:
    """The store tells those that mark there; the ingester cancels the others."""
    async with at_work(module_site, name, "d6") as work:
        await work.store.release_lease("d6", work.token)
        successor = await work.store.acquire_lease("successor", LEASE_SECONDS)
        work.token = successor.token
        await work.put(range(2))
        if work.destination.marks:
            with pytest.raises(FencedError):
                await work.running
        else:
            work.running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work.running
        await work.store.release_lease("successor", successor.token)
