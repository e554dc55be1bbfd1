"""`edge-broker-agent`: writes Mosquitto's logins and certificate, and publishes the broker's boot id."""

import argparse
import asyncio
from collections.abc import Sequence
from typing import NoReturn

from edge_broker_agent.agent import Agent
from edge_broker_agent.probes import ProbeServer
from edge_broker_agent.settings import AgentSettings
from edge_service.metrics import registry
from edge_service.program import release, run

NAME = "edge-broker-agent"


async def serve(settings: AgentSettings, stop: asyncio.Event) -> None:
    """Run until `stop` is set."""
    figures = registry(NAME)
    agent = Agent(settings, figures)
    async with ProbeServer(settings.host, settings.port, figures, agent.waiting_for):
        await agent.run(stop)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the program."""
    parser = argparse.ArgumentParser(
        prog=NAME,
        description="Sidecar of Mosquitto: writes the site's logins and certificate, reloads it when they change.",
        epilog=f"environment:\n{AgentSettings.described()}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {release()}")
    parser.parse_args(arguments)
    settings = AgentSettings.load()
    run(NAME, lambda stop: serve(settings, stop), settings.log_level)


if __name__ == "__main__":
    main()
