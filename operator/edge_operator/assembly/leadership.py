"""Assembles the election."""

from edge_operator.assembly.connections import Sessions
from edge_operator.cluster.clock import boottime, wall_clock
from edge_operator.cluster.election import Election
from edge_operator.cluster.lease import LeaseGate
from edge_operator.control.loop.informers import Informers
from edge_operator.settings import Settings
from edge_operator.telemetry.metrics import Metrics


def build_election(
    settings: Settings,
    sessions: Sessions,
    gate: LeaseGate,
    metrics: Metrics,
    informers: Informers,
) -> Election:
    """Return the election; a new leader enqueues everything."""

    def on_change(leading: bool) -> None:  # noqa: FBT001 - the one thing that a change is
        if leading:
            informers.enqueue_all()

    return Election(
        sessions.lease,
        namespace=settings.operator_namespace,
        name=settings.lease_name,
        identity=settings.identity,
        gate=gate,
        metrics=metrics,
        clock=boottime,
        wall_clock=wall_clock,
        on_change=on_change,
    )
