"""Whether the devices of the site are alive, by the rules that the operator goes by as well. Pure: clocks are given."""

import datetime as dt
import math
from collections.abc import Callable

from edge_liveness import (
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
from edge_wire.messages import Activity, DeviceStatus, RosterEntry

NOT_PROVEN = frozenset({Reason.NOT_YET_SEEN, Reason.BROKER_RESTARTED})
"""Reasons of devices that nothing is known of but what was retained."""


class DeviceLiveness:
    """The lives of the devices that the table lists.

    Args:
        steady: seconds on a clock that never goes back.
        wall: the time (aware), for people.
        on_transition: called with the reason of each change.
        site: what the site is set to; its defaults are those of devices that the operator does not tell of.

    Attributes:
        steady: as given.
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
        """Take a new connection to the broker, before anything that comes by it."""
        self._site_liveness.connected(self.steady())

    def lost(self) -> None:
        """Take the loss of the connection: it says nothing of the devices."""
        self._site_liveness.disconnected(self.steady())

    def booted(self, boot_id: str) -> None:
        """Take what names the broker's present start."""
        self._site_liveness.booted(self.steady(), boot_id)

    def running(self, uptime: float) -> None:
        """Take for how many seconds the broker has run: whether what it has retained is from before its start."""
        self._site_liveness.running(self.steady(), uptime)

    def processor_available(self, *, is_there: bool, retained: bool) -> None:
        """Take whether the processor is there, which tells who sent readings: silence means nothing otherwise."""
        self._site_liveness.processor_available(self.steady(), is_there=is_there, retained=retained)

    def missed_window(self) -> None:
        """Take that this process did not listen for a while: silence in it means nothing."""
        self._site_liveness.missed_window(self.steady())

    def put(self, device_id: str, entry: RosterEntry | None) -> None:
        """Add a device, or give it the settings that the operator tells of it; the defaults where it tells none."""
        self._site_liveness.put(device_id, self.steady(), self._settings_of(entry))

    def remove(self, device_id: str) -> None:
        """Forget a device."""
        self._site_liveness.remove(device_id)

    def heard(self, device_id: str) -> None:
        """Take a fresh message of a device."""
        self._site_liveness.heard(device_id, self.steady())

    def status(self, device_id: str, status: DeviceStatus, *, retained: bool) -> None:
        """Take a status of a device, fresh or a replay."""
        self._site_liveness.status(device_id, status, self.steady(), retained=retained)

    def digest(self, activity: Activity) -> None:
        """Take a digest of who was heard, or of who was heard when."""
        self._site_liveness.digest(activity, self.steady())

    def arrived(self, device_id: str, entry: RosterEntry | None, ago: float) -> None:
        """Take that the store has a reading of a device from `ago` seconds ago.

        Of a device that is known from what was retained alone this is where its life begins for us; to others it says
        nothing new.
        """
        known, settings, at = self._site_liveness.known(device_id), self._settings_of(entry), self.steady()
        if known is None or known.reason not in NOT_PROVEN or not 0 <= ago < settings.offline_after:
            return
        self._site_liveness.remove(device_id)
        seed = RestoredState(
            Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, since=at - ago, seen=at - ago, session=known.session
        )
        self._site_liveness.put(device_id, at, settings, seed)

    def tick(self) -> None:
        """Take that time has gone by; to be called several times a second."""
        now = self.steady()
        deadline = self._site_liveness.deadline()
        if deadline is None or deadline > now:
            return
        for transition in self._site_liveness.tick(now):
            self._on_transition(transition.reason.value)
        self._site_liveness.mass_last_wills()

    def known(self, device_id: str) -> DeviceSnapshot:
        """Return what is known of a device that was put.

        Raises:
            KeyError: it was not.
        """
        known = self._site_liveness.known(device_id)
        if known is None:
            raise KeyError(device_id)
        return known

    def counts(self) -> Counts:
        """Return how many devices there are, in all and by phase."""
        return self._site_liveness.counts()

    def last_seen(self, known: DeviceSnapshot, said: DeviceStatus | None) -> dt.datetime | None:
        """Return when a device last gave a sign of life: as we heard it, or as it says itself where that is later.

        A time that is still to come is not a time at which it was seen: its clock is wrong.
        """
        now = self._wall()
        heard = None if known.seen is None else _before(now, self.steady() - known.seen)
        own = said.last_seen if said is not None and said.last_seen is not None and said.last_seen <= now else None
        return max((when for when in (own, heard) if when is not None), default=None)

    def _settings_of(self, entry: RosterEntry | None) -> DeviceSettings:
        """Return what decides of a device, as the operator tells it."""
        if entry is None:
            return self._site.device()
        return self._site.device(
            heartbeat_interval=entry.heartbeat_interval_seconds,
            offline_after=entry.offline_after_seconds,
            presence=Presence(entry.presence),
            is_disabled=entry.disabled,
        )


def _before(now: dt.datetime, seconds: float) -> dt.datetime | None:
    """Return the time so long before `now`; None where there is no such time."""
    if not math.isfinite(seconds):
        return None
    try:
        return now - dt.timedelta(seconds=seconds)
    except OverflowError:
        return None
