"""The answers of `/health`, `/ready` and `/metrics`, the same for every program and every HTTP server."""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from edge_wire.messages import format_timestamp


def _nothing() -> tuple[str, ...]:
    return ()


def _no_facts() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """The answer to a probe.

    Attributes:
        status: its HTTP status.
        content: its body.
        media_type: of `content`.
    """

    status: int
    content: bytes
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Probes:
    """The sources of the probes' answers.

    Attributes:
        registry: the metrics to show.
        sick: reasons why the process should be restarted; empty while it is healthy.
        waiting_for: what is missing before it can work; empty when it is ready.
        facts: other fields of `/health`, such as `cloud_connected`.
    """

    registry: CollectorRegistry
    sick: Callable[[], Sequence[str]] = _nothing
    waiting_for: Callable[[], Sequence[str]] = _nothing
    facts: Callable[[], Mapping[str, Any]] = _no_facts

    def health(self) -> ProbeAnswer:
        """Answer whether the process is healthy."""
        reasons = list(self.sick())
        status = {"status": "unhealthy", "reasons": reasons} if reasons else {"status": "healthy"}
        now = format_timestamp(dt.datetime.now(dt.UTC))
        return _json({**status, "timestamp": now, **self.facts()}, is_good=not reasons)

    def ready(self) -> ProbeAnswer:
        """Answer whether the process is ready, and if not, what it waits for."""
        reasons = list(self.waiting_for())
        if reasons:
            return _json({"status": "not ready", "waiting_for": reasons}, is_good=False)
        return _json({"status": "ready"}, is_good=True)

    def metrics(self) -> ProbeAnswer:
        """Answer the metrics in the text format of Prometheus."""
        return ProbeAnswer(HTTPStatus.OK, generate_latest(self.registry), CONTENT_TYPE_LATEST)


def _json(document: Mapping[str, Any], *, is_good: bool) -> ProbeAnswer:
    status = HTTPStatus.OK if is_good else HTTPStatus.SERVICE_UNAVAILABLE
    return ProbeAnswer(status, json.dumps(document, separators=(",", ":")).encode())
