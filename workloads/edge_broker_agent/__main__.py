"""`edge-broker-agent`: writes Mosquitto's logins and certificate, and publishes the broker's boot id."""

import asyncio
from typing import NoReturn

from edge_broker_agent.agent import Agent
from edge_broker_agent.settings import AgentSettings
from edge_service.metrics import registry
from edge_service.probe_server import ProbeServer
from edge_service.probes import Probes
from edge_service.program import Program

NAME = "edge-broker-agent"


async def serve(settings: AgentSettings, stop: asyncio.Event) -> None:
    """Run until `stop` is set."""
    figures = registry(NAME)
    agent = Agent(settings, figures)
    async with ProbeServer(Probes(figures, waiting_for=agent.waiting_for), settings.host, settings.port):
        await agent.run(stop)


def main() -> NoReturn:
    """Run the program.

    Raises:
        SystemExit: always; with code 0, 1 or 2 as in `Program.run`.
    """
    Program(
        NAME,
        "Sidecar of Mosquitto: writes the site's logins and certificate, reloads it when they change.",
        AgentSettings,
        serve,
    ).run()


if __name__ == "__main__":
    main()
