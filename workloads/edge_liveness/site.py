"""The liveness of one site's devices: messages and the time go in, transitions come out. Nothing here has a clock."""

import math
from collections.abc import Iterable

from edge_liveness.changes import Counts, DeviceSnapshot, MassLastWill, RestoredState, Transition
from edge_liveness.device import EXPIRING
from edge_liveness.device_states import DeviceStates
from edge_liveness.link_state import LinkState
from edge_liveness.message_rules import MessageRules
from edge_liveness.phases import Phase, Reason
from edge_liveness.settings import DeviceSettings, SiteSettings
from edge_wire.messages import Activity, DeviceStatus


class SiteLiveness:
    """Tells which devices of a site are alive.

    Every `at` is in seconds of one clock that never goes back. What follows from a message, or from time going by, is
    returned by the next `tick`; call it after each message (or batch), and when `deadline` is reached.

    Args:
        settings: the graces of the site.
        at: now. There is no connection to the broker yet.
    """

    def __init__(self, settings: SiteSettings, at: float) -> None:
        self._states = DeviceStates()
        self._link = LinkState(at, settings.unreachable_after)
        self._rules = MessageRules(settings, self._states, self._link)
        self._mass_last_wills: list[MassLastWill] = []

    def put(self, device_id: str, at: float, settings: DeviceSettings, seed: RestoredState | None = None) -> None:
        """Add a device, or give it other settings.

        Args:
            device_id: the device.
            at: now.
            settings: what decides of it.
            seed: what its stored status says, None if it has none; of one that is there already it changes nothing.
        """
        device = self._states.devices.get(device_id)
        if device is None:
            device = self._states.add(device_id, at, settings, seed)
            self._link.expect(at)
        else:
            self._states.configure(device, at, settings)
        if settings.is_disabled or device.is_intermittent:
            self._rules.wills.drop(device_id)

    def remove(self, device_id: str) -> None:
        """Forget a device; nothing is told of it any more but what was to be told already."""
        self._states.remove(device_id)
        self._rules.wills.drop(device_id)

    def configure(self, settings: SiteSettings) -> None:
        """Take over other settings of the site; give its devices theirs with `put`."""
        self._rules.settings = self._rules.wills.settings = settings
        self._link.unreachable_after = settings.unreachable_after

    def heard(self, device_id: str, at: float, session: str | None = None) -> None:
        """Take that a fresh message of a device arrived at `at`: it is alive."""
        self._rules.heard(device_id, at, session)

    def status(self, device_id: str, status: DeviceStatus, at: float, *, retained: bool = False) -> None:
        """Take a status of a device, its will perhaps.

        Args:
            device_id: whose topic it came by.
            status: what it says.
            at: when it arrived.
            retained: whether it is a replay of what the broker had kept, which proves nothing.
        """
        self._rules.status(device_id, status, at, retained=retained)

    def digest(self, activity: Activity, at: float) -> None:
        """Take a digest of who was heard, or (`is_reply`) of who was heard when, which proves nothing."""
        self._rules.digest(activity, at)

    def connected(self, at: float, boot_id: str | None = None) -> None:
        """Take that there is a new connection to the broker, before anything that came by it.

        Args:
            at: when.
            boot_id: names the broker's present start. None while that is not known: it counts as a restart.
        """
        self._rules.wills.clear()
        self._link.connected(at, boot_id)

    def booted(self, at: float, boot_id: str) -> None:
        """Take what names the broker's start, where it comes after `connected`; the same again is nothing new."""
        if self._link.booted(boot_id):
            self._rules.wills.clear()
            self._link.restart(at)

    def running(self, at: float, uptime: float) -> None:
        """Take that the broker has run for `uptime` seconds or more: whether it restarted while it was away.

        To be called as soon and as often as that is known: what a broker retains is believed only where it runs since
        before it was last heard of. Unless a connection begins with it, everything retained is doubtful.
        """
        self._link.running(at, uptime)

    def disconnected(self, at: float) -> None:
        """Take that the connection to the broker is lost, which says nothing of the devices."""
        if self._link.is_connected:
            self._rules.wills.clear()
            self._link.disconnected(at)

    def processor_available(self, at: float, *, is_there: bool, retained: bool = False) -> None:
        """Take what is said of the processor, which tells who sent readings: with it away silence means nothing.

        On each connection it is away until something says that it is there, a digest of its own for one; where it was
        never heard of, nobody waits for it.

        Args:
            at: now.
            is_there: whether it is.
            retained: whether that is a replay, which is not believed where the broker may have restarted.
        """
        self._link.processor_available(at, is_there=is_there, retained=retained)

    def missed_window(self, at: float) -> None:
        """Take that the process did not listen for a while: silence in it means nothing."""
        self._link.missed(at)

    def tick(self, at: float) -> list[Transition]:
        """Take that it is `at`; return all transitions since the last call, oldest first."""
        wills = self._rules.wills
        for will in wills.due(at):
            device = self._states.devices[will.device_id]
            self._states.move(device, Phase.OFFLINE, will.reason, at, since=will.at, wide=will.is_mass)
        if self._link.is_listening:
            for device in self._states.overdue(at, self._link.listening_since):
                wills.drop(device.device_id)
                self._states.move(device, Phase.OFFLINE, Reason.HEARTBEAT_EXPIRED, at)
        if self._link.is_unreachable(at):
            self._unreachable(at)
        if lost := wills.mass(at):
            self._mass_last_wills.append(MassLastWill(at, lost))
        changes, self._states.changes = self._states.changes, []
        return changes

    def mass_last_wills(self) -> list[MassLastWill]:
        """Return the losses of many devices at once since the last call, oldest first."""
        lost, self._mass_last_wills = self._mass_last_wills, []
        return lost

    def deadline(self) -> float | None:
        """Return when to call `tick` at the latest; None if only a message can change anything."""
        if self._states.changes or self._mass_last_wills:
            return -math.inf
        dues = [self._rules.wills.first(), self._link.unreachable_at]
        if self._link.is_listening:
            dues.append(self._states.expiry.first())
        return min((due for due in dues if due is not None), default=None)

    @property
    def is_broker_connected(self) -> bool:
        """Whether there is a connection to the broker."""
        return self._link.is_connected

    def counts(self) -> Counts:
        """Return how many devices there are, in all and by phase."""
        return self._states.counts()

    def known(self, device_id: str) -> DeviceSnapshot | None:
        """Return what is known of a device now; None if there is none of this id."""
        device = self._states.devices.get(device_id)
        return None if device is None else device.known()

    def device_ids(self) -> Iterable[str]:
        """Return the ids of all devices."""
        return self._states.devices.keys()

    def _unreachable(self, at: float) -> None:
        # What is Offline stays so: that it was lost is the last that is known of it.
        self._link.unreachable_at = None
        for device in self._states.devices.values():
            if device.phase in EXPIRING:
                self._states.move(device, Phase.UNKNOWN, Reason.SITE_UNREACHABLE, at, wide=True)
