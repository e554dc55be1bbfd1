import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from edge_operator.telemetry.metrics import Metrics
from edge_operator.telemetry.probes import LAG_CHECK_SECONDS, LoopLag, Probes
from tests.edge_operator.cluster.virtual import Clock, now, run_virtual


@asynccontextmanager
async def served(unhealthy: list[str], not_ready: list[str], metrics: Metrics) -> AsyncIterator[aiohttp.ClientSession]:
    probes = Probes(metrics, lambda: unhealthy, lambda: not_ready, lambda: metrics.sites.set(42))
    await probes.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(base_url=f"http://127.0.0.1:{probes.port}") as session:
            yield session
    finally:
        await probes.stop()


async def get(session: aiohttp.ClientSession, path: str) -> tuple[int, str]:
    async with session.get(path) as response:
        return response.status, await response.text()


async def test_all_is_well() -> None:
    async with served([], [], Metrics()) as session:
        assert await get(session, "/healthz") == (200, "ok\n")
        assert await get(session, "/readyz") == (200, "ok\n")


async def test_what_is_wrong_is_reported() -> None:
    async with served(["late"], ["a", "b"], Metrics()) as session:
        assert await get(session, "/healthz") == (503, "late\n")
        assert await get(session, "/readyz") == (503, "a\nb\n")


async def test_metrics_are_brought_up_to_date_and_printed() -> None:
    metrics = Metrics()
    metrics.reconciles.labels("EdgeSite", "ok").inc()
    async with served([], [], metrics) as session:
        status, text = await get(session, "/metrics")
        assert status == 200
        assert "edge_sites 42.0" in text
        assert 'edge_reconciles_total{kind="EdgeSite",result="ok"} 1.0' in text
        assert "process_resident_memory_bytes" in text


@pytest.mark.parametrize("path", ["/", "/metrics/", "/healthz/x"])
async def test_nothing_else_is_there(path: str) -> None:
    async with served([], [], Metrics()) as session:
        assert (await get(session, path))[0] == 404


async def test_taken_port_is_an_error_and_stop_without_start_is_none() -> None:
    first = Probes(Metrics(), list, list, lambda: None)
    await first.stop()
    await first.start("127.0.0.1", 0)
    second = Probes(Metrics(), list, list, lambda: None)
    with pytest.raises(OSError, match=r"(?i)address already in use"):
        await second.start("127.0.0.1", first.port)
    await second.stop()
    await first.stop()
    await first.stop()


def test_two_operators_in_one_process_have_metrics_of_their_own() -> None:
    one, other = Metrics(), Metrics()
    one.sites.set(1)
    assert other.registry.get_sample_value("edge_sites") == 0


def test_lag_is_by_how_much_the_loop_is_late() -> None:
    async def story() -> None:
        skew, metrics = Clock(0.0), Metrics()
        loop = asyncio.get_running_loop()
        lag = LoopLag(metrics, lambda: loop.time() + skew.now)
        task = asyncio.create_task(lag.run())
        await asyncio.sleep(LAG_CHECK_SECONDS * 3.5)
        assert lag.seconds == 0
        skew.now = 7.0
        await asyncio.sleep(LAG_CHECK_SECONDS)
        assert lag.seconds == pytest.approx(7.0)
        assert metrics.registry.get_sample_value("edge_loop_lag_seconds") == pytest.approx(7.0)
        await asyncio.sleep(LAG_CHECK_SECONDS)
        assert lag.seconds == 0
        assert now() > 0
        task.cancel()
        await asyncio.wait([task])

    run_virtual(story())
