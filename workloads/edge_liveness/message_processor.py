"""What follows from a message of a device: rules for proof of life, replays, sessions, sign-offs and wills.

All times are seconds of the caller's monotonic clock.
"""

import math
from dataclasses import replace

from edge_liveness.device import Device
from edge_liveness.device_states import DeviceStates
from edge_liveness.faults import Faults
from edge_liveness.link_state import LinkState
from edge_liveness.phases import NOT_PROVEN, Phase, Reason
from edge_liveness.reported import reported, without_word
from edge_liveness.settings import SiteSettings
from edge_liveness.wills import Wills
from edge_wire.messages import PROCESSOR, Activity, DeviceStatus

MAX_AGE_SECONDS = 1e9
"""Ages of this many seconds (31 years) or more are invalid: such a time is not a valid date everywhere."""

MAX_SESSION_CHARACTERS = 128
"""Characters of a session that are compared: as many as a device's status holds, which a new leader restores."""


class MessageProcessor:
    """Applies the messages of a site to its devices.

    Args:
        settings: timeouts of the site.
        states: the devices.
        link: whether retained messages and silence are meaningful.

    Attributes:
        wills: wills on hold.
        faults: statuses that cannot be read.
    """

    def __init__(self, settings: SiteSettings, states: DeviceStates, link: LinkState) -> None:
        self.settings = settings
        self.wills = Wills(settings)
        self.faults = Faults()
        self._states = states
        self._link = link

    def message_received(self, device_id: str, at: float, session: str | None) -> None:
        """Handle a fresh message of a device."""
        device = self._device(device_id)
        if device is None:
            return
        if session is not None:
            device.session = session[:MAX_SESSION_CHARACTERS]
        self._alive(device, at)

    def status(self, device_id: str, status: DeviceStatus, at: float, *, retained: bool) -> None:
        """Handle a status of a device, fresh or retained."""
        device = self._device(device_id)
        if device is None:
            return
        if status.session is not None and len(status.session) > MAX_SESSION_CHARACTERS:
            status = replace(status, session=status.session[:MAX_SESSION_CHARACTERS])
        self.faults.note(device, status.fault, at)
        if status.status != "offline":
            self._online(device, status, at, retained=retained)
        elif status.session is None or device.session is None or status.session == device.session:
            # An `offline` of another session is late: the device has connected again since.
            self._offline(device, status, at, retained=retained)

    def digest(self, activity: Activity, at: float) -> None:
        """Handle a digest of recent messages, or the reply with the last arrival of every device."""
        if activity.source == PROCESSOR:
            self._link.processor_status(at, is_online=True, retained=False)
        lag = _known(activity.queue_lag_seconds)
        if not activity.is_reply and (lag is None or lag > self.settings.digest_slack):
            # The sender still works off a queue, so its digest is not about now: silence means nothing yet.
            self._link.restart(at)
        for device_id, text in activity.ages.items():
            device = self._device(device_id)
            age = _known(text)
            if device is None or lag is None or age is None:
                continue
            if activity.is_reply:
                self._arrived_before(device, at - lag - age, at)
            else:
                self._was_alive(device, at - lag - age, at)

    def _device(self, device_id: str) -> Device | None:
        """Return a device; None if the site does not have it, or it is disabled."""
        device = self._states.devices.get(device_id)
        return None if device is None or device.phase is Phase.DISABLED else device

    def _alive(self, device: Device, at: float) -> None:
        """Handle proof that a device is alive at `at`, newer than everything before."""
        device.seen = max(device.seen, at)
        if self.wills:
            self.wills.drop(device.device_id)
        if device.phase is Phase.ONLINE:
            self._states.expiry.file(device, at + device.offline_after)
        else:
            self._went_online(device, at)

    def _was_alive(self, device: Device, proven: float, at: float) -> None:
        """Handle proof that a device was alive at `proven`, which may be older than other messages of it."""
        device.seen = max(device.seen, proven)
        slack = self.settings.digest_slack
        if self.wills and (will := self.wills.get(device.device_id)):
            if proven <= will.at + slack:
                return
            self.wills.drop(device.device_id)
        if device.phase is Phase.ONLINE:
            self._states.expiry.file(device, proven + device.offline_after)
        elif proven + device.offline_after > at and proven > device.known_lost_at + slack:
            self._went_online(device, at)
            self._states.expiry.refile(device, max(proven, self._link.listening_since) + device.offline_after)

    def _arrived_before(self, device: Device, arrival: float, at: float) -> None:
        """Handle the last arrival in the store: all that is known of a device with no message since this process began.

        An arrival from before the device was created or enabled does not count.
        """
        device.seen = max(device.seen, arrival)
        if device.reason not in NOT_PROVEN or (device.phase is Phase.PENDING and arrival <= device.since):
            return
        if arrival + device.offline_after > at and not device.says_offline:
            self._went_online(device, at)
        else:
            self._replayed(device, at)

    def _went_online(self, device: Device, at: float) -> None:
        self._states.move(device, Phase.ONLINE, Reason.HEARTBEAT_RECEIVED, at)
        self._link.expect(at)

    def _online(self, device: Device, status: DeviceStatus, at: float, *, retained: bool) -> None:
        """Handle a status with any word but offline, or without a word that can be read."""
        is_birth = status.status == "online"
        device.says_offline = False
        if is_birth or status.word:
            device.reported = reported(status, device.reported)
        if is_birth and not retained:
            device.session = status.session
        else:
            device.session = status.session or device.session
        if retained:
            self._replayed(device, at)
        else:
            self._alive(device, at)

    def _offline(self, device: Device, status: DeviceStatus, at: float, *, retained: bool) -> None:
        """Handle an `offline` of the same session as the last `online`, or without a session."""
        device.says_offline = True
        if retained and (self._link.retained_may_be_stale or device.phase is Phase.PENDING):
            self._replayed(device, at)
            return
        device.session = status.session or device.session
        device.reported = without_word(device.reported)
        if not status.is_sign_off:
            self._hold(device, at, Reason.LAST_WILL)
        elif retained:
            # The boot id may be as old as this message: wait for news of a restart.
            self._hold(device, at, Reason.DISCONNECTED)
        elif device.is_intermittent:
            self._alive(device, at)
        else:
            device.seen = max(device.seen, at)
            self.wills.drop(device.device_id)
            device.lost_again(at)
            self._states.move(device, Phase.OFFLINE, Reason.DISCONNECTED, at, since=at)

    def _replayed(self, device: Device, at: float) -> None:
        if device.phase is Phase.PENDING:
            self._states.move(device, Phase.UNKNOWN, Reason.BROKER_RESTARTED, at)

    def _hold(self, device: Device, at: float, reason: Reason) -> None:
        if device.is_intermittent:
            return
        if device.phase is Phase.OFFLINE:
            device.lost_again(at)
            return
        if not self._link.is_connected:
            # The will was in transit when the connection to the broker was lost: that loss explains it.
            return
        counts = self._states.counts()
        self.wills.hold(device.device_id, at, reason, counts.total - counts.disabled)


def _known(seconds: float | None) -> float | None:
    """Return an age in seconds that is at least 0; None if it is unknown or not a valid age."""
    return max(seconds, 0.0) if seconds is not None and -math.inf < seconds < MAX_AGE_SECONDS else None
