"""`/health`, `/ready` and `/metrics` of a program that serves nothing else by HTTP."""

import logging
from collections.abc import Callable
from types import TracebackType
from typing import Self

from edge_service.probes import ProbeAnswer, Probes
from edge_service.program import cannot_listen
from edge_service.serving.plain_server import PlainServer
from edge_service.serving.raw_response import RawResponse

logger = logging.getLogger(__name__)


class ProbeServer:
    """Answers the kubelet and Prometheus, as an asynchronous context manager.

    Attributes:
        port: the port it listens on, set when it has started.
    """

    def __init__(self, probes: Probes, host: str, port: int) -> None:
        """Prepare.

        Args:
            probes: have the answers.
            host: address to listen on.
            port: port to listen on; 0 takes a free one.
        """
        self.port = port
        self._host = host
        answers = {"/health": probes.health, "/ready": probes.ready, "/metrics": probes.metrics}
        self._server = PlainServer({path: _raw(answer) for path, answer in answers.items()}, host, port)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises:
            StartError: the address is not available.
        """
        try:
            await self._server.__aenter__()
        except OSError as error:
            raise cannot_listen(self._host, self.port, error, "HOST or PORT") from error
        self.port = self._server.port
        logger.info("listening on http://%s:%d", self._host, self.port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        await self._server.__aexit__(kind, error, trace)


def _raw(answer: Callable[[], ProbeAnswer]) -> Callable[[], RawResponse]:
    def respond() -> RawResponse:
        found = answer()
        return RawResponse(found.status, found.content, found.media_type)

    return respond
