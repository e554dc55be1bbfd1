"""Liveness of the site's devices, by the same rules as in the operator. Pure: clocks are parameters."""

import datetime as dt
import math
from collections.abc import Callable

from edge_liveness import (
    NOT_PROVEN,
    Counts,
    DeviceSettings,
    DeviceSnapshot,
    Phase,
    Presence,
    Reason,
    RestoredState,
    SiteLiveness,
    SiteSettings,
)
from edge_wire.messages import Activity, DeviceStatus, RosterEntry, RosterLiveness


class DeviceLiveness:
    """The liveness of the devices in the table.

    Args:
        steady: seconds of a monotonic clock.
        wall: the time (aware).
        on_transition: called with the reason of each transition.
        site: settings of the site; its defaults apply to devices without a roster entry.

    Attributes:
        steady: the monotonic clock.
    """

    def __init__(
        self,
        steady: Callable[[], float],
        wall: Callable[[], dt.datetime],
        on_transition: Callable[[str], None],
        site: SiteSettings | None = None,
    ) -> None:
        self.steady = steady
        self._wall = wall
        self._on_transition = on_transition
        self._site = site or SiteSettings()
        self._site_liveness = SiteLiveness(self._site, steady())

    def connected(self) -> None:
        """Handle a new connection to the broker; call it before any message of that connection."""
        self._site_liveness.connected(self.steady())

    def lost(self) -> None:
        """Handle the loss of the connection, from which nothing follows for the devices."""
        self._site_liveness.disconnected(self.steady())

    def on_boot_id(self, boot_id: str) -> None:
        """Handle the broker's boot id."""
        self._site_liveness.on_boot_id(self.steady(), boot_id)

    def on_uptime(self, uptime: float) -> None:
        """Handle `uptime` of the broker, in seconds: it shows whether retained messages are from before a restart."""
        self._site_liveness.on_uptime(self.steady(), uptime)

    def processor_status(self, *, is_online: bool, retained: bool) -> None:
        """Handle the availability of the processor, which publishes who sent readings."""
        self._site_liveness.processor_status(self.steady(), is_online=is_online, retained=retained)

    def missed_window(self) -> None:
        """Handle a stall of this process: silence until now means nothing."""
        self._site_liveness.missed_window(self.steady())

    def put(self, device_id: str, entry: RosterEntry | None) -> None:
        """Add a device in the state of its roster entry, or change its settings to those of the entry or the defaults.

        So a replica starts from what the operator has published, as another operator starts from the status.
        """
        self._site_liveness.put(device_id, self.steady(), self._settings_of(entry), self._seed(entry))

    def adopt(self, device_id: str, entry: RosterEntry) -> None:
        """Replace the state of a device by that of its roster entry; its session and last message stay."""
        known, seed = self.known(device_id), self._seed(entry)
        if seed is None or known.phase is Phase.DISABLED:
            return
        self._site_liveness.remove(device_id)
        self._site_liveness.put(device_id, self.steady(), self._settings_of(entry), seed.with_reports_of(known))

    def is_proven(self, device_id: str) -> bool:
        """Return whether a message of a device has arrived here."""
        return self.known(device_id).reason not in NOT_PROVEN

    def is_news(self, device_id: str, told: RosterLiveness) -> bool:
        """Return whether the state in a roster entry is later than everything that is known of the device here."""
        known = self.known(device_id)
        return self._steady_time(told.since) > max(known.since, -math.inf if known.seen is None else known.seen)

    def remove(self, device_id: str) -> None:
        """Remove a device."""
        self._site_liveness.remove(device_id)

    def message_received(self, device_id: str) -> None:
        """Handle a fresh message of a device, as the digest about it, which the operator and other replicas receive.

        Directly after a will they cannot know which of the two was earlier, and all must decide alike.
        """
        self.digest(Activity("edge-gateway", {device_id: 0.0}, queue_lag_seconds=0.0))

    def status(self, device_id: str, status: DeviceStatus, *, retained: bool) -> None:
        """Handle a status of a device, fresh or retained."""
        self._site_liveness.status(device_id, status, self.steady(), retained=retained)

    def digest(self, activity: Activity) -> None:
        """Handle a digest of recent messages, or the reply with the last arrival of every device."""
        self._site_liveness.digest(activity, self.steady())

    def tick(self) -> None:
        """Advance the time to now; call it several times a second."""
        now = self.steady()
        deadline = self._site_liveness.deadline()
        if deadline is None or deadline > now:
            return
        for transition in self._site_liveness.tick(now):
            self._on_transition(transition.reason.value)
        self._site_liveness.mass_last_wills()
        self._site_liveness.fault_changes()

    def known(self, device_id: str) -> DeviceSnapshot:
        """Return the state of a device that was added with `put`.

        Raises:
            KeyError: there is no such device.
        """
        known = self._site_liveness.known(device_id)
        if known is None:
            raise KeyError(device_id)
        return known

    def counts(self) -> Counts:
        """Return how many devices there are, in all and by phase."""
        return self._site_liveness.counts()

    def last_seen(self, known: DeviceSnapshot, status: DeviceStatus | None) -> dt.datetime | None:
        """Return the time of a device's last sign of life: its last message, or its own `last_seen` if that is later.

        A `last_seen` in the future does not count: the device's clock is wrong.
        """
        now = self._wall()
        arrival = None if known.seen is None else _before(now, self.steady() - known.seen)
        own = (
            status.last_seen
            if status is not None and status.last_seen is not None and status.last_seen <= now
            else None
        )
        return max((when for when in (own, arrival) if when is not None), default=None)

    def _seed(self, entry: RosterEntry | None) -> RestoredState | None:
        """Return the state in a roster entry; None if there is no entry.

        Since when a device of an entry without a state exists is unknown: any arrival in the store may be of it.
        """
        if entry is None:
            return None
        told = entry.liveness
        if told is None:
            return RestoredState(Phase.PENDING, Reason.NOT_YET_SEEN, -math.inf)
        since = self._steady_time(told.since)
        seed = RestoredState.from_status(told.phase, told.reason, since=since)
        if seed is None or seed.phase is Phase.DISABLED:
            return RestoredState(Phase.PENDING, Reason.NOT_YET_SEEN, since)
        return seed

    def _steady_time(self, when: dt.datetime) -> float:
        return self.steady() - (self._wall() - when).total_seconds()

    def _settings_of(self, entry: RosterEntry | None) -> DeviceSettings:
        """Return the settings in a roster entry, or the defaults."""
        if entry is None:
            return self._site.device()
        return self._site.device(
            heartbeat_interval=entry.heartbeat_interval_seconds,
            offline_after=entry.offline_after_seconds,
            presence=Presence(entry.presence),
            is_disabled=entry.disabled,
        )


def _before(now: dt.datetime, seconds: float) -> dt.datetime | None:
    """Return the time `seconds` before `now`; None if that is not a valid time."""
    if not math.isfinite(seconds):
        return None
    try:
        return now - dt.timedelta(seconds=seconds)
    except OverflowError:
        return None
