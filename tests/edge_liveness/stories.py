"""Scenarios of a site: steps with a time, and the expected transitions."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from edge_liveness import DeviceSettings, Presence, RestoredState, SiteLiveness, SiteSettings
from edge_wire.messages import Activity, DeviceStatus

HEARTBEAT = 30.0
OFFLINE_AFTER = 100.0
SITE = SiteSettings(heartbeat_interval=HEARTBEAT, offline_after=OFFLINE_AFTER)
CONNECTED = DeviceSettings(OFFLINE_AFTER)
INTERMITTENT = DeviceSettings(OFFLINE_AFTER, Presence.INTERMITTENT)
DISABLED = DeviceSettings(OFFLINE_AFTER, is_disabled=True)

Act = Callable[[SiteLiveness, float], None]
Outcome = tuple[float, str, str, str]


@dataclass(frozen=True)
class Step:
    at: float
    act: Act


def put(at: float, device: str = "a", settings: DeviceSettings = CONNECTED, seed: RestoredState | None = None) -> Step:
    return Step(at, lambda site, now: site.put(device, now, settings, seed))


def remove(at: float, device: str = "a") -> Step:
    return Step(at, lambda site, _: site.remove(device))


def heard(at: float, device: str = "a", session: str | None = None) -> Step:
    return Step(at, lambda site, now: site.message_received(device, now, session))


def online(at: float, session: str | None = None, device: str = "a", *, retained: bool = False) -> Step:
    status = DeviceStatus(device, "online", session=session)
    return Step(at, lambda site, now: site.status(device, status, now, retained=retained))


def will(at: float, session: str | None = None, device: str = "a", *, retained: bool = False) -> Step:
    status = DeviceStatus(device, "offline", session=session, reason="LastWill")
    return Step(at, lambda site, now: site.status(device, status, now, retained=retained))


def sign_off(at: float, session: str | None = None, device: str = "a", *, retained: bool = False) -> Step:
    status = DeviceStatus(device, "offline", session=session, reason="Disconnected")
    return Step(at, lambda site, now: site.status(device, status, now, retained=retained))


def digest(
    at: float,
    age: float = 0.0,
    lag: float | None = 0.0,
    device: str = "a",
    *,
    source: str = "processor",
    is_reply: bool = False,
) -> Step:
    activity = Activity(source, {device: age}, queue_lag_seconds=lag, is_reply=is_reply)
    return Step(at, lambda site, now: site.digest(activity, now))


def connected(at: float, boot: str | None = "boot-1") -> Step:
    return Step(at, lambda site, now: site.connected(now, boot))


def booted(at: float, boot: str) -> Step:
    return Step(at, lambda site, now: site.on_boot_id(now, boot))


def running(at: float, since: float = -1000.0) -> Step:
    return Step(at, lambda site, now: site.on_uptime(now, now - since))


def lost(at: float) -> Step:
    return Step(at, lambda site, now: site.disconnected(now))


def processor_status(at: float, *, is_online: bool = True, retained: bool = False) -> Step:
    return Step(at, lambda site, now: site.processor_status(now, is_online=is_online, retained=retained))


def missed_window(at: float) -> Step:
    return Step(at, lambda site, now: site.missed_window(now))


def empty_digest(at: float, source: str = "processor", lag: float | None = 0.0, *, is_reply: bool = False) -> Step:
    activity = Activity(source, {}, queue_lag_seconds=lag, is_reply=is_reply)
    return Step(at, lambda site, now: site.digest(activity, now))


class Play:
    """A site that executes steps; its clock jumps from deadline to deadline."""

    def __init__(self, settings: SiteSettings = SITE) -> None:
        self.site = SiteLiveness(settings, 0.0)
        self.outcomes: list[Outcome] = []
        self.events: list[tuple[float, int]] = []

    def run(self, steps: Iterable[Step], until: float) -> "Play":
        for step in steps:
            self.pass_time(step.at)
            step.act(self.site, step.at)
            self.tick(step.at)
        self.pass_time(until)
        self.tick(until)
        return self

    def pass_time(self, until: float) -> None:
        while (deadline := self.site.deadline()) is not None and deadline <= until:
            assert deadline > -math.inf
            self.tick(deadline)

    def tick(self, at: float) -> None:
        self.outcomes += [(at, each.device_id, each.phase, each.reason) for each in self.site.tick(at)]
        self.events += [(each.at, each.devices) for each in self.site.mass_last_wills()]


def fleet(size: int) -> list[Step]:
    """Return the steps after which `size` devices, d0 and so on, are Online."""
    names = [f"d{number}" for number in range(size)]
    return [connected(0), *(put(0, name) for name in names), *(online(1, "5", name) for name in names)]


START = (connected(0), put(0), online(1, "5"))
"""A device that came at 1 with session 5, the default of a story; it would expire at 101."""

CAME: list[Outcome] = [(0, "a", "Pending", "NotYetSeen"), (1, "a", "Online", "HeartbeatReceived")]


def gone(at: float, reason: str, device: str = "a") -> Outcome:
    return at, device, "Offline", reason


def back(at: float, device: str = "a") -> Outcome:
    return at, device, "Online", "HeartbeatReceived"


def unknown(at: float, reason: str) -> Outcome:
    return at, "a", "Unknown", reason


class Story(NamedTuple):
    """What happens to a site, and what must come of it.

    Attributes:
        name: what it shows.
        steps: what happens.
        until: when it ends.
        outcomes: the transitions, without those of `START` where it begins with that.
    """

    name: str
    steps: tuple[Step, ...]
    until: float
    outcomes: list[Outcome]

    def transitions(self) -> list[Outcome]:
        """Return the transitions that come of it, without those of `START`."""
        outcomes = Play().run(self.steps, self.until).outcomes
        if self.steps[: len(START)] != START:
            return outcomes
        assert outcomes[: len(CAME)] == CAME
        return outcomes[len(CAME) :]
