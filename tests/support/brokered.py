"""A site with a running broker: a Mosquitto of the test with the logins that the operator derives for the site."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from edge_operator.api.schema import API_VERSION
from edge_operator.desired.kinds import SECRET
from edge_operator.desired.root_secret import root_secret
from edge_operator.status.device_counts import DeviceCounts, changed_enough
from tests.support.devices import Devices
from tests.support.mosquitto import HOST, ROOT, Mosquitto
from tests.support.processes import OperatorFactory, OperatorProcess, eventually
from tests.support.sites import Sites, kind_path
from tests.support.wire_device import WireDevice

CALM = {"heartbeatInterval": "1s", "offlineAfter": "5m"}
"""Devices of tests: a machine that is slow makes none of them Offline. Whoever tests expiry sets it for one device."""

FENCE = "fence"
"""Name of the device of `tests.support.fence`; not among the `phases` of its site."""


@dataclass
class BrokeredSite:
    """A site with its broker, as a test works with it.

    Attributes:
        sites: the sites of the namespace.
        name: its name.
        broker: its broker.
        devices: its devices.
    """

    sites: Sites
    name: str
    broker: Mosquitto
    devices: Devices = field(init=False)
    _wired: list[WireDevice] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self.devices = Devices(self.sites, self.name)

    @property
    def address(self) -> str:
        """EDGE_BROKER_ADDRESSES for an operator outside the cluster."""
        return f"{self.sites.namespace}/{self.name}={HOST}:{self.broker.layout.components}"

    def apply(self, **spec: Any) -> None:
        """Apply the site, with the root key that the broker's logins were derived from."""
        path = kind_path(SECRET, self.sites.namespace)
        if self.sites.child(SECRET, f"{self.name}-root") is None:
            self.sites.api("POST", path, root_secret(self.name, self.sites.namespace, ROOT))
        self.sites.apply(self.name, {"devices": CALM, **spec})

    def lead(self, make_operator: OperatorFactory, **settings: str) -> OperatorProcess:
        """Return an operator that leads and has a session with the broker; `settings` are environment variables."""
        operator = make_operator(EDGE_BROKER_ADDRESSES=self.address, **settings).start().await_leading()
        # The condition may still be what another operator has said.
        eventually("a session", lambda: operator.metric("edge_broker_sessions_connected") >= 1)
        self.await_broker()
        return operator

    def wire(self, device_id: str, session: str = "1") -> WireDevice:
        """Return a device that can connect."""
        device = WireDevice(self.broker, device_id, session)
        self._wired.append(device)
        return device

    def wired(self, device_id: str) -> WireDevice:
        """Return the device of this id that was wired last."""
        return [device for device in self._wired if device.device_id == device_id][-1]

    def close(self) -> None:
        """End every device."""
        for device in self._wired:
            device.close()

    def await_broker(self, status: str = "True", seconds: float = 20.0) -> dict[str, Any]:
        """Wait for the condition BrokerConnected and return it."""

        def condition() -> dict[str, Any] | None:
            found = self.sites.condition(self.name, "BrokerConnected")
            return found if found.get("status") == status else None

        found: dict[str, Any] = eventually(f"{self.name} BrokerConnected={status}", condition, seconds)
        return found

    def status(self, device: str) -> dict[str, Any]:
        """Return the status of a device."""
        found: dict[str, Any] = self.devices.get(device).get("status") or {}
        return found

    def await_phase(self, device: str, phase: str, reason: str | None = None, seconds: float = 30.0) -> dict[str, Any]:
        """Wait until a device is reported in a phase, for a reason if one is given, and return its status."""

        def told() -> dict[str, Any] | None:
            status = self.status(device)
            is_reason = reason is None or (status.get("connectivity") or {}).get("reason") == reason
            return status if status.get("phase") == phase and is_reason else None

        try:
            found: dict[str, Any] = eventually(f"{device} {phase} {reason or ''}", told, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; its status: {self.status(device)}") from error
        return found

    def phases(self) -> dict[str, tuple[str, str]]:
        """Return phase and reason of every device of the site by its name, the fence aside."""
        path = f"/apis/{API_VERSION}/namespaces/{self.sites.namespace}/edgedevices"
        listed = self.sites.api("GET", path, fieldSelector=f"spec.siteRef.name={self.name}")["items"]
        return {
            item["metadata"]["name"]: _phase(item.get("status") or {})
            for item in listed
            if item["metadata"]["name"] != FENCE
        }

    def await_all(self, phase: str, count: int, seconds: float = 60.0) -> None:
        """Wait until `count` devices are reported in a phase, and no other device is."""

        def all_are() -> bool:
            phases = self.phases().values()
            return len(phases) == count and all(each == phase for each, _ in phases)

        try:
            eventually(f"all {count} {phase}", all_are, seconds, pause=0.25)
        except AssertionError as error:
            wrong = {name: what for name, what in self.phases().items() if what[0] != phase}
            raise AssertionError(f"{error}; {len(wrong)} are not: {dict(list(wrong.items())[:5])}") from error

    def await_counts(self, counts: DeviceCounts, seconds: float = 30.0) -> None:
        """Wait until the site's device counts are these, as exactly as they are written."""
        wanted = f"{counts} of {self.name}"
        eventually(
            wanted, lambda: not changed_enough(self.sites.status(self.name).get("devices"), counts), seconds, pause=0.25
        )

    def events(self, reason: str | None = None) -> list[dict[str, Any]]:
        """Return the Events of the namespace, those of a reason if one is given, in the order of time."""
        listed = self.sites.api("GET", f"/apis/events.k8s.io/v1/namespaces/{self.sites.namespace}/events")["items"]
        found = [event for event in listed if reason is None or event["reason"] == reason]
        return sorted(found, key=lambda event: str(event["eventTime"]))


@contextmanager
def brokered(sites: Sites, name: str, broker: Mosquitto) -> Iterator[BrokeredSite]:
    """Make a site with a broker; its devices end with it."""
    site = BrokeredSite(sites, name, broker)
    try:
        yield site
    finally:
        site.close()


def _phase(status: dict[str, Any]) -> tuple[str, str]:
    return status.get("phase", ""), (status.get("connectivity") or {}).get("reason", "")
