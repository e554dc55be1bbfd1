"""The devices of a site: each is in one phase, counted, and filed for expiry; every change becomes a transition.

All times are seconds of the caller's monotonic clock.
"""

from collections.abc import Iterator

from edge_liveness.changes import Counts, RestoredState, Transition
from edge_liveness.device import EXPIRING, NEVER, Device
from edge_liveness.expiry import Expiry
from edge_liveness.phases import Phase, Reason
from edge_liveness.settings import DeviceSettings


class DeviceStates:
    """The devices of a site.

    Attributes:
        devices: by id.
        expiry: the devices that expire when no message arrives.
        changes: transitions that the caller has not fetched yet.
    """

    def __init__(self) -> None:
        self.devices: dict[str, Device] = {}
        self.expiry = Expiry()
        self.changes: list[Transition] = []
        self._by_phase = dict.fromkeys(Phase, 0)

    def add(self, device_id: str, at: float, settings: DeviceSettings, seed: RestoredState | None) -> Device:
        """Add a device; a transition follows only if its state differs from the restored one."""
        device = Device(device_id, seed or RestoredState(Phase.PENDING, Reason.NOT_YET_SEEN, at), settings, at)
        self.devices[device_id] = device
        self._by_phase[device.phase] += 1
        self._schedule_expiry(device, at)
        if seed is None and not settings.is_disabled:
            self._report(device, Phase.PENDING)
        self._apply_disabled(device, at, is_disabled=settings.is_disabled)
        return device

    def configure(self, device: Device, at: float, settings: DeviceSettings) -> None:
        """Change the settings of a device."""
        has_other_wait = device.offline_after != settings.offline_after
        device.configure(settings)
        self._apply_disabled(device, at, is_disabled=settings.is_disabled)
        if has_other_wait and device.phase in EXPIRING:
            self.expiry.refile(device, at + device.offline_after)

    def remove(self, device_id: str) -> None:
        """Remove a device, if there is one."""
        device = self.devices.pop(device_id, None)
        if device is not None:
            self.expiry.drop(device)
            self._by_phase[device.phase] -= 1

    def move(
        self, device: Device, phase: Phase, reason: Reason, at: float, *, since: float | None = None, wide: bool = False
    ) -> None:
        """Move a device into a phase, for a reason; do nothing if it is in it for that reason already.

        Args:
            device: which one.
            phase: the new phase.
            reason: why.
            at: now.
            since: when the change happened; if None, `at` for a new phase, and unchanged for a new reason.
            wide: whether the cause concerns the whole site.
        """
        if device.phase is phase and device.reason is reason:
            return
        previous = device.phase
        device.reason = reason
        if previous is not phase:
            self._by_phase[previous] -= 1
            self._by_phase[phase] += 1
            device.phase = phase
            device.since = at
            self._schedule_expiry(device, at)
        if since is not None:
            device.since = since
        self._report(device, previous, wide=wide)

    def overdue(self, at: float, listening_since: float) -> Iterator[Device]:
        """Remove and yield the devices that expire; silence before `listening_since` does not count."""
        again = []
        for device in self.expiry.due(at):
            deadline = max(device.seen, listening_since) + device.offline_after
            if deadline > at:
                again.append((device, deadline))
            else:
                yield device
        for device, deadline in again:
            self.expiry.file(device, deadline)

    def counts(self) -> Counts:
        """Return how many devices there are, in all and by phase."""
        by = self._by_phase
        return Counts(
            total=len(self.devices),
            online=by[Phase.ONLINE],
            offline=by[Phase.OFFLINE],
            unknown=by[Phase.UNKNOWN],
            pending=by[Phase.PENDING],
            disabled=by[Phase.DISABLED],
        )

    def _apply_disabled(self, device: Device, at: float, *, is_disabled: bool) -> None:
        if is_disabled:
            self.move(device, Phase.DISABLED, Reason.DISABLED, at)
        elif device.phase is Phase.DISABLED:
            self.move(device, Phase.PENDING, Reason.NOT_YET_SEEN, at)

    def _schedule_expiry(self, device: Device, at: float) -> None:
        if device.phase not in EXPIRING:
            self.expiry.drop(device)
        else:
            self.expiry.file(device, at + device.offline_after)

    def _report(self, device: Device, previous: Phase, *, wide: bool = False) -> None:
        seen = None if device.seen == NEVER else device.seen
        self.changes.append(
            Transition(
                device.device_id, previous, device.phase, device.reason, device.since, seen, device.session, wide
            )
        )
