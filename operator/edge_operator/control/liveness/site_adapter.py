"""What is known of the lives of one site's devices: what comes from its broker goes in, transitions come out."""

from collections.abc import Mapping
from typing import Any

from edge_liveness import DeviceSnapshot, MassLastWill, Phase, Reason, RestoredState, SiteLiveness, Transition
from edge_operator.broker.session import Message
from edge_operator.control.cache.resource import DeviceObject, SiteObject
from edge_operator.control.site_broker.liveness_settings import (
    DEFAULT_TIMERS,
    LivenessTimers,
    device_settings,
    site_settings,
)
from edge_operator.status.figures import DeviceFigures
from edge_wire import topics
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

NOT_SEEN = ("NotYetSeen", "CredentialsPending", "Disabled")
"""Reasons of devices that nothing is known of."""


class SiteLife:
    """The devices of one site.

    Args:
        site: the site.
        clocks: the time.
        timers: those of all sites alike.
    """

    def __init__(self, site: SiteObject, clocks: Clocks, timers: LivenessTimers = DEFAULT_TIMERS) -> None:
        self._clocks = clocks
        self._timers = timers
        self._settings = site_settings(site, timers)
        self._floor = SiteLiveness(self._settings, clocks.steady())

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection to the site's broker."""
        return self._floor.is_broker_connected

    def configure(self, site: SiteObject) -> bool:
        """Take over what the site's spec says; return whether it says anything else than before."""
        settings = site_settings(site, self._timers)
        if settings == self._settings:
            return False
        self._settings = settings
        self._floor.configure(settings)
        return True

    def put(self, device: DeviceObject) -> None:
        """Add a device as its status tells it, or give it the settings of its spec."""
        settings, seed = device_settings(self._settings, device), self._seed(device.status)
        self._floor.put(device.device_id, self._clocks.steady(), settings, seed)

    def remove(self, device_id: str) -> None:
        """Forget a device."""
        self._floor.remove(device_id)

    def known(self, device_id: str) -> DeviceSnapshot | None:
        """Return what is known of a device; None if there is none of this id."""
        return self._floor.known(device_id)

    def figures(self) -> DeviceFigures:
        """Count the devices."""
        counts = self._floor.counts()
        return DeviceFigures(counts.total, counts.online, counts.offline, counts.unknown + counts.pending)

    def connected(self) -> None:
        """Take a new connection to the broker."""
        self._floor.connected(self._clocks.steady())

    def disconnected(self) -> None:
        """Take the loss of the connection."""
        self._floor.disconnected(self._clocks.steady())

    def heard(self, message: Message) -> str:
        """Take a message and return its kind, in one word.

        Raises:
            MalformedError: it cannot be read.
        """
        match message.topic:
            case topics.ACTIVITY:
                activity = Activity.parse(message.payload)
                if not message.retain:  # nobody of ours has it kept: ages are of the moment at which they are told
                    self._floor.digest(activity, self._clocks.steady())
                return "activity"
            case topics.BROKER_BOOT:
                if message.payload:
                    self._floor.booted(self._clocks.steady(), parse_boot(message.payload))
                return "boot"
            case topics.BROKER_UPTIME:
                self._floor.running(self._clocks.steady(), parse_uptime(message.payload))
                return "uptime"
        if message.topic.startswith("edge/status/"):
            self._component(ComponentStatus.parse(message.payload), retained=message.retain)
            return "component"
        if not message.payload:
            # What a device had left was cleared, by us perhaps.
            return "cleared"
        self._status(message)
        return "status"

    def tick(self) -> tuple[list[Transition], list[MassLastWill]]:
        """Take that time has gone by; return what has happened."""
        now = self._clocks.steady()
        deadline = self._floor.deadline()
        if deadline is None or deadline > now:
            return [], []
        return self._floor.tick(now), self._floor.mass_last_wills()

    def missed_window(self) -> None:
        """Take that this process did not listen for a while: silence in it means nothing."""
        self._floor.missed_window(self._clocks.steady())

    def _status(self, message: Message) -> None:
        device_id = device_of(message)
        status = DeviceStatus.parse(message.payload, device_id)
        self._floor.status(device_id, status, self._clocks.steady(), retained=message.retain)

    def _component(self, status: ComponentStatus, *, retained: bool) -> None:
        if status.component == PROCESSOR:
            self._floor.processor_available(
                self._clocks.steady(), is_there=status.status == "online", retained=retained
            )

    def _seed(self, status: Mapping[str, Any]) -> RestoredState | None:
        told = status.get("connectivity") or {}
        since = self._clocks.at(told.get("sinceTime"))
        if since is None:
            return None
        if told.get("reason") in NOT_SEEN:
            return RestoredState(Phase.PENDING, Reason.NOT_YET_SEEN, since)
        return RestoredState.from_status(
            status.get("phase"),
            told.get("reason"),
            since=since,
            seen=self._clocks.at(told.get("lastSeenTime")),
            session=told.get("session"),
            reported=tuple(sorted((status.get("reported") or {}).items())),
        )


def sender_of(message: Message) -> str | None:
    """Return the identifier of the device that a message is a status of; None if it is something else."""
    try:
        return topics.device_of(message.topic)
    except ValueError:
        return None


def device_of(message: Message) -> str:
    """Return the identifier of the device that a status is of.

    Raises:
        MalformedError: it cannot be an identifier.
    """
    sender = sender_of(message)
    if sender is None:
        raise MalformedError("topic", f"{message.topic!r} is not the topic of a device")
    return sender
