import asyncio
from typing import Any

import pytest

from edge_operator.cluster.budget import WriteBudget
from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.crds import await_established
from edge_operator.cluster.lease import LeaseGate
from edge_operator.telemetry.metrics import Metrics
from tests.edge_operator.cluster.playing import Play, playing, say
from tests.edge_operator.cluster.virtual import now, run_virtual


def crd(*conditions: tuple[str, str]) -> dict[str, Any]:
    return {"status": {"conditions": [{"type": aspect, "status": status} for aspect, status in conditions]}}


READY = say(200, crd(("NamesAccepted", "True"), ("Established", "True")))


@pytest.mark.parametrize(
    ("first", "waits"),
    [
        pytest.param(READY, False, id="established"),
        pytest.param(say(404, {"reason": "NotFound"}), True, id="not there"),
        pytest.param(say(200, {}), True, id="no status yet"),
        pytest.param(say(200, {"status": {"conditions": None}}), True, id="no conditions yet"),
        pytest.param(say(200, crd(("Established", "False"))), True, id="not yet"),
        pytest.param(say(403, {}), True, id="forbidden"),
        pytest.param(say(500, b"boom"), True, id="broken"),
        pytest.param(say(200, b"<html>"), True, id="not the API server"),
    ],
)
def test_waits_until_established(first: Play, *, waits: bool) -> None:
    async def story() -> None:
        async with playing(first, READY) as (server, session):
            clock = asyncio.get_running_loop().time
            client = ApiClient(session, LeaseGate(clock), WriteBudget(1.0, 1, clock), Metrics())
            begun = now()
            await await_established(client, ["a.example.com"])
            assert (now() - begun >= 1.0) == waits
            assert server.asked[0].path.endswith("/customresourcedefinitions/a.example.com")

    run_virtual(story(), sockets=True)
