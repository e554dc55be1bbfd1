"""Connects the MQTT messages of one site with its liveness state machine."""

from collections.abc import Mapping
from typing import Any, ClassVar

from edge_liveness import DeviceSnapshot, MassLastWill, Phase, Reason, RestoredState, SiteLiveness, Transition
from edge_operator.broker.session import Message
from edge_operator.control.cache.resource import CachedDevice, CachedSite
from edge_operator.control.site_broker.liveness_settings import (
    DEFAULT_TIMERS,
    LivenessTimers,
    device_settings,
    site_settings,
)
from edge_operator.status import reasons
from edge_operator.status.device_counts import DeviceCounts
from edge_operator.status.status_fault import stored_fault
from edge_wire import topic_table
from edge_wire.dispatcher import Dispatcher
from edge_wire.messages import (
    PROCESSOR,
    Activity,
    ComponentStatus,
    DeviceStatus,
    MalformedError,
    parse_boot,
    parse_uptime,
)

from .clocks import Clocks

NOT_SEEN = (reasons.NOT_YET_SEEN, reasons.CREDENTIALS_PENDING, reasons.DISABLED)
"""Reasons of devices without any liveness information."""


class SiteLivenessAdapter:
    """Liveness of the devices of one site.

    Args:
        site: the site.
        clocks: both clocks.
        timers: timers that are the same for all sites.
    """

    def __init__(self, site: CachedSite, clocks: Clocks, timers: LivenessTimers = DEFAULT_TIMERS) -> None:
        self._clocks = clocks
        self._timers = timers
        self._settings = site_settings(site, timers)
        self._liveness = SiteLiveness(self._settings, clocks.steady())

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection to the site's broker."""
        return self._liveness.is_broker_connected

    def configure(self, site: CachedSite) -> bool:
        """Apply the settings of the site's spec; return whether they have changed."""
        settings = site_settings(site, self._timers)
        if settings == self._settings:
            return False
        self._settings = settings
        self._liveness.configure(settings)
        return True

    def put(self, device: CachedDevice) -> None:
        """Add a device with the state in its status, or apply the settings of its spec."""
        settings, seed = device_settings(self._settings, device.spec), self._seed(device.status)
        self._liveness.put(device.device_id, self._clocks.steady(), settings, seed)

    def remove(self, device_id: str) -> None:
        """Remove a device."""
        self._liveness.remove(device_id)

    def known(self, device_id: str) -> DeviceSnapshot | None:
        """Return the state of a device; None if there is no device with this id."""
        return self._liveness.known(device_id)

    def counts(self) -> DeviceCounts:
        """Return the device counts."""
        counts = self._liveness.counts()
        return DeviceCounts(counts.total, counts.online, counts.offline, counts.unknown + counts.pending)

    def on_connected(self) -> None:
        """Handle a new connection to the broker."""
        self._liveness.connected(self._clocks.steady())

    def on_disconnected(self) -> None:
        """Handle the loss of the connection."""
        self._liveness.disconnected(self._clocks.steady())

    def on_message(self, message: Message) -> str:
        """Handle a message and return its kind for the metrics.

        Raises:
            MalformedError: the message cannot be parsed.
        """
        try:
            handle, device_id = self.HANDLERS.find(message.topic)
        except ValueError as error:
            raise MalformedError("topic", str(error)) from None
        return handle(self, message, device_id)

    def tick(self) -> tuple[list[Transition], list[MassLastWill]]:
        """Process deadlines that have passed; return the transitions and events."""
        now = self._clocks.steady()
        deadline = self._liveness.deadline()
        if deadline is None or deadline > now:
            return [], []
        return self._liveness.tick(now), self._liveness.mass_last_wills()

    def fault_changes(self) -> tuple[list[str], list[str]]:
        """Return the devices with a status that cannot be read, and with one that can be again, since the last call."""
        return self._liveness.fault_changes()

    def missed_window(self) -> None:
        """Ignore silence of the devices up to now, because this process did not receive messages for a while."""
        self._liveness.missed_window(self._clocks.steady())

    def _activity(self, message: Message, _: str) -> str:
        activity = Activity.parse(message.payload)
        if not message.retain:  # a retained digest is not ours: its ages would be out of date
            self._liveness.digest(activity, self._clocks.steady())
        return "activity"

    def _boot(self, message: Message, _: str) -> str:
        if message.payload:
            self._liveness.on_boot_id(self._clocks.steady(), parse_boot(message.payload))
        return "boot"

    def _uptime(self, message: Message, _: str) -> str:
        self._liveness.on_uptime(self._clocks.steady(), parse_uptime(message.payload))
        return "uptime"

    def _status(self, message: Message, device_id: str) -> str:
        if not message.payload:
            # A retained status was cleared, possibly by the operator itself.
            return "cleared"
        status = DeviceStatus.read(message.payload, device_id)
        self._liveness.status(device_id, status, self._clocks.steady(), retained=message.retain)
        if status.fault is not None:
            # The device is alive; that its status cannot be read is counted as for every other message.
            raise MalformedError(status.fault.reason, status.fault.message)
        return "status"

    def _component(self, message: Message, _: str) -> str:
        status = ComponentStatus.parse(message.payload)
        if status.component == PROCESSOR:
            self._liveness.processor_status(
                self._clocks.steady(), is_online=status.status == "online", retained=message.retain
            )
        return "component"

    def _seed(self, status: Mapping[str, Any]) -> RestoredState | None:
        stored = status.get("connectivity") or {}
        since = self._clocks.at(stored.get("sinceTime"))
        if since is None:
            return None
        if stored.get("reason") in NOT_SEEN:
            return RestoredState(Phase.PENDING, Reason.NOT_YET_SEEN, since)
        return RestoredState.from_status(
            status.get("phase"),
            stored.get("reason"),
            since=since,
            seen=self._clocks.at(stored.get("lastSeenTime")),
            session=stored.get("session"),
            reported=tuple(sorted((status.get("reported") or {}).items())),
            fault=stored_fault(status),
        )

    HANDLERS: ClassVar = Dispatcher(
        {
            topic_table.DEVICE_STATUS: _status,
            topic_table.ACTIVITY: _activity,
            topic_table.COMPONENT_STATUS: _component,
            topic_table.BROKER_BOOT: _boot,
            topic_table.BROKER_UPTIME: _uptime,
        }
    )
    """By topic; each returns the kind of the message."""
