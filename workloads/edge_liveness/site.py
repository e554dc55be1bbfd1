"""The liveness of one site's devices: messages and the time in, transitions out. Nothing here reads a clock."""

import math
from collections.abc import Iterable

from edge_liveness.changes import Counts, DeviceSnapshot, MassLastWill, RestoredState, Transition
from edge_liveness.device import EXPIRING
from edge_liveness.device_states import DeviceStates
from edge_liveness.link_state import LinkState
from edge_liveness.message_processor import MessageProcessor
from edge_liveness.phases import Phase, Reason
from edge_liveness.settings import DeviceSettings, SiteSettings
from edge_wire.messages import Activity, DeviceStatus


class SiteLiveness:
    """Decides which devices of a site are alive.

    All times are seconds of one monotonic clock. The next `tick` returns the transitions that follow from messages
    and from the time; call it after each message (or batch), and when `deadline` is reached.

    Args:
        settings: timeouts of the site.
        at: now. There is no connection to the broker yet.
    """

    def __init__(self, settings: SiteSettings, at: float) -> None:
        self._states = DeviceStates()
        self._link = LinkState(at, settings.unreachable_after)
        self._rules = MessageProcessor(settings, self._states, self._link)
        self._mass_last_wills: list[MassLastWill] = []

    def put(self, device_id: str, at: float, settings: DeviceSettings, seed: RestoredState | None = None) -> None:
        """Add a device, or change its settings.

        Args:
            device_id: the device.
            at: now.
            settings: of the device.
            seed: the state in its stored status, None if it has none; ignored if the device is known already.
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
        """Remove a device; only transitions that exist already are still returned."""
        self._states.remove(device_id)
        self._rules.wills.drop(device_id)
        self._rules.faults.remove(device_id)

    def configure(self, settings: SiteSettings) -> None:
        """Apply other settings of the site; apply those of its devices with `put`."""
        self._rules.settings = self._rules.wills.settings = settings
        self._link.unreachable_after = settings.unreachable_after

    def message_received(self, device_id: str, at: float, session: str | None = None) -> None:
        """Handle a fresh message of a device: it is alive at `at`."""
        self._rules.message_received(device_id, at, session)

    def status(self, device_id: str, status: DeviceStatus, at: float, *, retained: bool = False) -> None:
        """Handle a status of a device, which may be its will.

        Args:
            device_id: from the topic.
            status: the message.
            at: when it arrived.
            retained: whether it is a retained message, which proves nothing.
        """
        self._rules.status(device_id, status, at, retained=retained)

    def digest(self, activity: Activity, at: float) -> None:
        """Handle a digest of recent messages, or (`is_reply`) the last arrivals of all devices, which prove nothing."""
        self._rules.digest(activity, at)

    def connected(self, at: float, boot_id: str | None = None) -> None:
        """Handle a new connection to the broker; call it before any message of that connection.

        Args:
            at: when.
            boot_id: identifies the current run of the broker; None while unknown, which counts as a restart.
        """
        self._rules.wills.clear()
        self._link.connected(at, boot_id)

    def on_boot_id(self, at: float, boot_id: str) -> None:
        """Handle the broker's boot id if it arrives after `connected`; the same id again changes nothing."""
        if self._link.on_boot_id(boot_id):
            self._rules.wills.clear()
            self._link.restart(at)

    def on_uptime(self, at: float, uptime: float) -> None:
        """Handle the minimum uptime of the broker in seconds: it shows whether the broker restarted while disconnected.

        Call it as soon and as often as the uptime is known: retained messages are trusted only if the broker has been
        running since before its last message. Unless a connection begins with this, all retained messages are doubtful.
        """
        self._link.on_uptime(at, uptime)

    def disconnected(self, at: float) -> None:
        """Handle the loss of the connection to the broker, from which nothing follows for the devices."""
        if self._link.is_connected:
            self._rules.wills.clear()
            self._link.disconnected(at)

    def processor_status(self, at: float, *, is_online: bool, retained: bool = False) -> None:
        """Handle the availability of the processor, which reports readings: without it, silence proves nothing.

        After each connect it counts as unavailable until a message shows the opposite, such as one of its digests. If
        it has never sent a message, it is not waited for.

        Args:
            at: now.
            is_online: whether the processor is available.
            retained: whether that is a retained message, which is not trusted if the broker may have restarted.
        """
        self._link.processor_status(at, is_online=is_online, retained=retained)

    def missed_window(self, at: float) -> None:
        """Handle a stall of the process: it has missed messages, so silence until `at` means nothing."""
        self._link.missed(at)

    def tick(self, at: float) -> list[Transition]:
        """Advance the time to `at`; return all transitions since the last call, oldest first."""
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
        self._rules.faults.end(self._states.devices, at)
        if lost := wills.mass(at):
            self._mass_last_wills.append(MassLastWill(at, lost))
        changes, self._states.changes = self._states.changes, []
        return changes

    def mass_last_wills(self) -> list[MassLastWill]:
        """Return the losses of many devices at once since the last call, oldest first."""
        lost, self._mass_last_wills = self._mass_last_wills, []
        return lost

    def fault_changes(self) -> tuple[list[str], list[str]]:
        """Return the devices with a status that cannot be read, and with one that can be again, since the last call."""
        return self._rules.faults.changes()

    def deadline(self) -> float | None:
        """Return when to call `tick` at the latest; None if only a message can change anything."""
        if self._states.changes or self._mass_last_wills:
            return -math.inf
        dues = [self._rules.wills.first(), self._rules.faults.first(), self._link.unreachable_at]
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
        """Return the state of a device now; None if there is none with this id."""
        device = self._states.devices.get(device_id)
        return None if device is None else device.known()

    def device_ids(self) -> Iterable[str]:
        """Return the ids of all devices."""
        return self._states.devices.keys()

    def _unreachable(self, at: float) -> None:
        # Offline devices stay Offline: their loss is the latest information.
        self._link.unreachable_at = None
        for device in self._states.devices.values():
            if device.phase in EXPIRING:
                self._states.move(device, Phase.UNKNOWN, Reason.SITE_UNREACHABLE, at, wide=True)
