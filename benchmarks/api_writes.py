"""Writes to the API server: their number from the audit log, their bytes from its metrics and etcd's."""

import http.client
import re
import ssl
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from e2e.cluster.audit import AuditCursor, AuditEvent
from e2e.cluster.controlplane import ControlPlane
from e2e.cluster.fixture import kubectl_for
from tests.support.processes import OPERATOR_USER

MIB = 1 << 20
BODIES = re.compile(
    r'^apiserver_request_body_size_bytes_sum\{group="[^"]*",resource="([a-z]+)",[^}]*\} (\S+)$', re.MULTILINE
)
STORED = re.compile(r"^etcd_debugging_mvcc_total_put_size_in_bytes (\S+)$", re.MULTILINE)
UNCOUNTED = ("leases",)


@dataclass(frozen=True)
class Bytes:
    """Writes to a control plane so far, by all clients.

    Attributes:
        bodies: bytes of request bodies by resource.
        stored: bytes put into etcd.
    """

    bodies: Counter[str]
    stored: float

    @classmethod
    def of(cls, plane: ControlPlane) -> Self:
        """Read it."""
        bodies: Counter[str] = Counter()
        for resource, total in BODIES.findall(kubectl_for(plane)("get", "--raw", "/metrics").stdout):
            bodies[resource] += int(float(total))
        found = STORED.search(_etcd_metrics(plane))
        assert found is not None
        return cls(bodies, float(found[1]))

    def since(self, before: "Bytes") -> str:
        """Return the difference to `before`, for people."""
        grown = self.bodies - before.bodies
        resources = ("edgedevices", "secrets", "events", "edgesites")
        parts = ", ".join(f"{name} {grown[name] / MIB:.1f}" for name in resources if grown[name])
        return f"bodies {grown.total() / MIB:.1f} MiB ({parts}); etcd {(self.stored - before.stored) / MIB:.1f} MiB"


def _etcd_metrics(plane: ControlPlane) -> str:
    pki = plane.directory / "pki"
    trust = ssl.create_default_context(cafile=str(pki / "etcd-ca.crt"))
    trust.load_cert_chain(pki / "apiserver-etcd.crt", pki / "apiserver-etcd.key")
    connection = http.client.HTTPSConnection("127.0.0.1", plane.ports.etcd, timeout=10, context=trust)
    try:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


@dataclass(frozen=True)
class Writes:
    """The operator's writes since a cursor's place, without its lease.

    Attributes:
        events: each of them.
    """

    events: Sequence[AuditEvent]

    @classmethod
    def since(cls, cursor: AuditCursor) -> Self:
        """Read them from the audit log."""
        return cls([event for event in cursor.writes(user=OPERATOR_USER) if event.resource not in UNCOUNTED])

    @property
    def of_liveness(self) -> "Writes":
        """Writes from the budget of liveness: statuses of existing devices, and Events."""
        return Writes([event for event in self.events if event.resource in ("edgedevices", "events")])

    @property
    def failed(self) -> int:
        """Number of rejected writes, conflicts included."""
        return sum(event.code >= 400 for event in self.events)

    def by_resource(self) -> str:
        """Count them by resource."""
        count = Counter("/".join(filter(None, (event.resource, event.subresource))) for event in self.events)
        return ", ".join(f"{number} {resource}" for resource, number in count.most_common())

    def most_within(self, seconds: float) -> int:
        """Return the maximum number within any so many seconds."""
        times = sorted(_seconds(event.received for event in self.events))
        most, first = 0, 0
        for last, at in enumerate(times):
            while times[first] <= at - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most

    def rate(self) -> str:
        """Return their rates, for people."""
        return f"{self.most_within(1.0)} in 1 s, {self.most_within(10.0) / 10:.0f}/s over 10 s"


def _seconds(moments: Iterable[str]) -> Iterable[float]:
    return (datetime.fromisoformat(moment).timestamp() for moment in moments)
