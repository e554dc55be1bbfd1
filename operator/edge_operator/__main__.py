"""The operator's program: settings, event loop, graceful shutdown."""

import argparse
import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from typing import Any

from pydantic import ValidationError

from edge_operator.control.loop.renewal import renew

from .assembly import Operator, assemble
from .cluster.clock import wall_clock
from .cluster.connection import Connection, ConnectionConfigError, load_connection
from .cluster.crds import await_established
from .cluster.resource_versions import ClusterRestoredError
from .handlers import Feed, watch_resources
from .settings import Settings, described, explain
from .telemetry import logs

CRDS = ("edgesites.edge-stack.io", "edgedevices.edge-stack.io")
RESTART_SECONDS = 1.0
RESTORED_EXIT_CODE = 3
"""Exit code after the API server's data was restored: the kubelet starts the operator again."""

logger = logging.getLogger(__name__)


class StartError(Exception):
    """The process cannot start; the message names the setting."""


async def run(settings: Settings, connection: Connection) -> int:
    """Run the operator until SIGTERM or SIGINT, or until the API server's data is restored from a backup.

    Returns:
        The exit code of the process.

    Raises:
        StartError: the port of the probes is not available.
    """
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[int] = loop.create_future()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, _end, stop, 0)
    operator = assemble(settings, connection)
    try:
        await _listen(operator, settings)
        logger.info("probes and metrics on port %d", operator.probes.port)
        await _run_beside(_tasks(operator, settings, connection, stop), stop)
        return stop.result()
    finally:
        operator.brokers.close_all()
        await operator.election.release()
        await operator.brokers.wait_closed()
        await operator.probes.stop()
        await operator.sessions.close()


async def _listen(operator: Operator, settings: Settings) -> None:
    try:
        await operator.probes.start(settings.probe_host, settings.probe_port)
    except OSError as error:
        address = f"{settings.probe_host}:{settings.probe_port}"
        raise StartError(
            f"cannot listen on {address} ({error.strerror or error}): set EDGE_PROBE_HOST or EDGE_PROBE_PORT"
        ) from error


def _tasks(
    operator: Operator, settings: Settings, connection: Connection, stop: asyncio.Future[int]
) -> list[Callable[[], Coroutine[Any, Any, None]]]:
    return [
        lambda: _watch_resources(operator, settings, connection),
        lambda: _work(operator),
        lambda: _elect(operator, stop),
        operator.resyncs.sites.run,
        operator.resyncs.devices.run,
        operator.lag.run,
        lambda: renew(operator.informers.enqueue_all, wall_clock),
        *(watch.run for watch in operator.watches),
    ]


async def _run_beside(tasks: list[Callable[[], Coroutine[Any, Any, None]]], stop: asyncio.Future[int]) -> None:
    """Run `tasks` until `stop` has a result.

    Raises:
        ExceptionGroup: a task failed; the others have been cancelled.
    """
    async with asyncio.TaskGroup() as group:
        started = [group.create_task(task()) for task in tasks]
        await asyncio.wait([stop])
        for task in started:
            task.cancel()


async def _elect(operator: Operator, stop: asyncio.Future[int]) -> None:
    """Take part in the election; end the process if its caches describe a cluster that does not exist any more."""
    try:
        await operator.election.run()
    except ClusterRestoredError as error:
        logger.error("%s", error)  # noqa: TRY400 - the message has everything
        _end(stop, RESTORED_EXIT_CODE)


def _end(stop: asyncio.Future[int], code: int) -> None:
    if not stop.done():
        stop.set_result(code)


async def _work(operator: Operator) -> None:
    """Start the workers once everything has been listed: before that, existing objects would seem to be missing."""
    for watch in operator.watches:
        await watch.synced.wait()
    await operator.resyncs.initialized.wait()
    async with asyncio.TaskGroup() as group:
        for work in operator.workers:
            group.create_task(work())


async def _watch_resources(operator: Operator, settings: Settings, connection: Connection) -> None:
    """Run Kopf, and restart it when it ends, because a CRD may be deleted and applied again."""
    loop, informers = asyncio.get_running_loop(), operator.informers
    resyncs, state = operator.resyncs, operator.resources
    feeds = [
        Feed("edgesites", informers.sites, resyncs.sites.relisted, state.sites.on_opened, loop),
        Feed("edgedevices", informers.devices, resyncs.devices.relisted, state.devices.on_opened, loop),
    ]
    while True:
        state.on_ended()
        await await_established(operator.client, CRDS)
        state.on_started()
        await resyncs.initial_list()
        try:
            await watch_resources(connection, feeds, settings.watch_namespaces)
        except Exception:
            logger.exception("the watch of the custom resources ended; restarting it")
        await asyncio.sleep(RESTART_SECONDS)


def main() -> None:
    """Run the operator.

    Exits with 2 if the settings or the connection to the API server are invalid, with 3 if the API server's data was
    restored from a backup.
    """
    parser = argparse.ArgumentParser(
        prog="edge-operator",
        description="Kubernetes operator for EdgeSite and EdgeDevice. Configured by the environment.",
        epilog=f"environment variables; an empty one is the same as none:\n\n{described()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=version("edge-stack"))
    parser.parse_args()
    try:
        settings = Settings()
        connection = load_connection(f"edge-operator/{version('edge-stack')} ({settings.identity})")
    except ValidationError as error:
        parser.exit(2, f"edge-operator: {explain(error)}\n")
    except ConnectionConfigError as error:
        parser.exit(2, f"edge-operator: {error}\n")
    logs.configure(settings.log_level)
    try:
        parser.exit(asyncio.run(run(settings, connection)))
    except StartError as error:
        parser.exit(2, f"edge-operator: {error}\n")


if __name__ == "__main__":
    main()
