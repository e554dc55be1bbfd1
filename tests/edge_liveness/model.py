"""What the rules allow, kept in the simplest way: a second opinion on each transition of a site."""

import math
from dataclasses import dataclass, field

from edge_liveness import NOT_PROVEN, DeviceSettings, DeviceSnapshot, Phase, Presence, Reason, SiteSettings, Transition
from edge_liveness.expiry import PER_SECOND

ROUNDING = 1e-6


@dataclass
class Held:
    at: float
    reason: Reason
    is_one_of_many: bool = False


@dataclass
class Allowed:
    """One device, as the model sees it."""

    settings: DeviceSettings
    phase: Phase = Phase.PENDING
    reason: Reason = Reason.NOT_YET_SEEN
    since: float = 0.0
    waits_from: float = -math.inf
    proven: float = -math.inf
    heard: float = -math.inf
    told: float = -math.inf
    signed_off: float = -math.inf
    session: str | None = None
    will: Held | None = None
    is_replayed: bool = False
    says_offline: bool = False


@dataclass
class Model:
    site: SiteSettings
    now: float = 0.0
    devices: dict[str, Allowed] = field(default_factory=dict)
    is_connected: bool = False
    is_deaf: bool = False
    has_teller: bool = False
    retained_may_be_stale: bool = True
    lost_at: float = 0.0
    listening_since: float = -math.inf
    boot: str | None = None
    boot_before: str | None = None
    seen_running: float = -math.inf
    seen_running_before: float = -math.inf
    wills: list[tuple[float, str]] = field(default_factory=list)

    # What happens.

    def connected(self, boot: str | None) -> None:
        self.is_connected = True
        self.is_deaf = self.has_teller
        self.listening_since = self.now
        self.boot_before = self.boot
        self.seen_running_before = self.seen_running
        self.retained_may_be_stale = True
        self.drop_wills()
        self.boot_is(boot)

    def boot_is(self, boot: str | None) -> None:
        if boot is None:
            return
        if self.boot not in {None, boot}:
            self.listening_since = self.now
            self.drop_wills()
        self.boot = boot
        self.retained_may_be_stale |= boot != self.boot_before

    def began(self, at: float) -> None:
        self.seen_running = self.now
        if at < self.seen_running_before and self.boot == self.boot_before:
            self.retained_may_be_stale = False

    def processor_status(self, *, is_online: bool) -> None:
        if is_online and self.is_deaf:
            self.listening_since = self.now
        self.is_deaf, self.has_teller = not is_online, True

    def lost(self) -> None:
        if self.is_connected:
            self.is_connected = False
            self.lost_at = self.now
            self.drop_wills()

    def drop_wills(self) -> None:
        self.wills.clear()
        for device in self.devices.values():
            device.will = None

    def alive(self, name: str) -> None:
        device = self.devices.get(name)
        if device is not None and not device.settings.is_disabled:
            device.proven = device.heard = self.now
            device.will = None

    def was_alive(self, name: str, at: float) -> None:
        device = self.devices.get(name)
        if device is None or device.settings.is_disabled:
            return
        device.proven = max(device.proven, at)
        if device.will is not None and at > device.will.at + self.site.digest_slack:
            device.will = None

    def came(self, name: str, session: str | None, *, retained: bool) -> None:
        device = self.devices.get(name)
        if device is None or device.settings.is_disabled:
            return
        device.session = device.session if retained and session is None else session
        device.is_replayed |= retained
        device.says_offline = False
        if not retained:
            self.alive(name)

    def went(self, name: str, session: str | None, reason: Reason, *, retained: bool) -> None:
        device = self.devices.get(name)
        if device is None or device.settings.is_disabled:
            return
        if None not in {session, device.session} and session != device.session:
            return
        device.is_replayed |= retained
        device.says_offline = True
        if retained and (self.retained_may_be_stale or device.phase is Phase.PENDING):
            return
        device.session = session or device.session
        is_intermittent = device.settings.presence is Presence.INTERMITTENT
        if not is_intermittent and device.reason in {Reason.DISCONNECTED, Reason.LAST_WILL}:
            device.since = self.now
        if reason is Reason.DISCONNECTED and not retained:
            device.will = None
            if is_intermittent:
                device.proven = device.heard = self.now
            else:
                device.signed_off = self.now
        elif not is_intermittent and device.phase is not Phase.OFFLINE and device.will is None:
            self.held(name, device, reason)

    def held(self, name: str, device: Allowed, reason: Reason) -> None:
        self.wills.append((self.now, name))
        if not self.is_connected:
            return
        device.will = Held(self.now, reason)
        recent = {other for at, other in self.wills if at >= self.now - self.site.mass_window}
        size = sum(not each.settings.is_disabled for each in self.devices.values())
        if len(recent) >= self.site.mass_least and len(recent) > self.site.mass_share * size:
            for each in self.devices.values():
                if each.will is not None and each.will.at >= self.now - self.site.mass_window:
                    each.will.is_one_of_many = True

    # What came of it.

    def check(self, change: Transition) -> None:
        device = self.devices[change.device_id]
        assert change.previous is device.phase
        assert change.since <= self.now
        {
            Phase.ONLINE: self.check_online,
            Phase.OFFLINE: self.check_offline,
            Phase.UNKNOWN: self.check_unknown,
            Phase.PENDING: self.check_pending,
            Phase.DISABLED: self.check_disabled,
        }[change.phase](device, change)
        device.phase, device.reason, device.since = change.phase, change.reason, change.since

    def check_online(self, device: Allowed, change: Transition) -> None:
        assert not device.settings.is_disabled
        assert change.reason is Reason.HEARTBEAT_RECEIVED
        if device.reason in NOT_PROVEN and device.proven <= change.since - device.settings.offline_after:
            assert device.told > self.now - device.settings.offline_after, "Online without proof"
            assert not device.says_offline, "Online by the store, although it says offline"
            return
        assert device.proven > change.since - device.settings.offline_after, "Online without proof"
        if device.reason in {Reason.DISCONNECTED, Reason.LAST_WILL} and device.heard < device.since:
            assert device.proven > device.since + self.site.digest_slack, "Online by what it sent before it was lost"

    def check_offline(self, device: Allowed, change: Transition) -> None:
        assert not device.settings.is_disabled
        if change.reason is Reason.HEARTBEAT_EXPIRED:
            assert self.is_connected, "expired while nobody listened"
            assert not self.is_deaf
            silent = self.now - max(device.proven, self.listening_since)
            assert silent >= device.settings.offline_after - ROUNDING, "expired too early"
            device.will = None
            return
        assert device.settings.presence is Presence.CONNECTED, "only expiry makes Intermittent Offline"
        if change.reason is Reason.DISCONNECTED and change.since == device.signed_off:
            return
        will, device.will = device.will, None
        assert will is not None, "a will that was dropped"
        assert (will.at, will.reason) == (change.since, change.reason)
        assert self.is_connected, "Offline because the broker is away"
        assert change.is_site_wide is will.is_one_of_many
        grace = self.site.mass_grace if will.is_one_of_many else self.site.reconnect_grace
        assert self.now >= will.at + grace - ROUNDING, "a will believed too early"

    def check_unknown(self, device: Allowed, change: Transition) -> None:
        if change.reason is Reason.SITE_UNREACHABLE:
            assert not self.is_connected
            assert self.now >= self.lost_at + self.site.unreachable_after
            return
        assert change.reason is Reason.BROKER_RESTARTED
        assert change.previous is Phase.PENDING, "what was heard fresh stands"
        assert device.is_replayed or device.told > device.since

    @staticmethod
    def check_pending(device: Allowed, change: Transition) -> None:
        assert change.reason is Reason.NOT_YET_SEEN
        assert change.previous in {Phase.PENDING, Phase.DISABLED}
        assert device.is_replayed is False or change.previous is Phase.DISABLED

    @staticmethod
    def check_disabled(device: Allowed, change: Transition) -> None:
        assert change.reason is Reason.DISABLED
        assert device.settings.is_disabled or change.previous is not Phase.DISABLED

    def check_state(self, known: DeviceSnapshot) -> None:
        """Check what must hold of a device whenever the clock has ticked."""
        device = self.devices[known.device_id]
        assert (known.phase, known.since) == (device.phase, device.since), "a transition was not told"
        assert (known.phase is Phase.DISABLED) is device.settings.is_disabled
        assert known.session == device.session
        if known.phase is not Phase.ONLINE:
            return
        if self.is_connected and not self.is_deaf:
            begun = max(device.proven, device.told, device.since, device.waits_from, self.listening_since)
            silent = self.now - begun
            assert silent < device.settings.offline_after + 1 / PER_SECOND, "Online though silent for too long"
        if not self.is_connected:
            away = self.now - max(self.lost_at, device.proven, device.since)
            assert away < 2 * self.site.unreachable_after, "Online though the site is unreachable"
        if device.will is not None:
            grace = self.site.mass_grace if device.will.is_one_of_many else self.site.reconnect_grace
            assert self.now < device.will.at + grace, "a will forgotten"
