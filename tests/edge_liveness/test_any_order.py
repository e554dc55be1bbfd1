"""No order of messages, ticks, reconnects, restarts and failovers brings a device into a forbidden state."""

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edge_liveness import Counts, DeviceSettings, Phase, Presence, Reason, RestoredState, SiteLiveness, SiteSettings
from edge_wire.messages import Activity, DeviceStatus
from tests.edge_liveness.model import Allowed, Model

SITE = SiteSettings(heartbeat_interval=1.0, offline_after=20.0)
NAMES = ("a", "b", "c", "d", "e", "f", "g")
devices = st.sampled_from(NAMES)
sessions = st.sampled_from([None, "1", "2", "3"])
boots = st.sampled_from([None, "boot-1", "boot-2"])
ages = st.dictionaries(devices, st.sampled_from([0.0, 0.5, 2.0, 19.0, 21.0, 500.0]), max_size=4)
lags = st.sampled_from([0.0, 0.0, 0.1, 0.9, 5.0, 3600.0, None])
device_settings = st.builds(
    DeviceSettings,
    st.sampled_from([2.0, 20.0, 20.0, 60.0]),
    st.sampled_from([Presence.CONNECTED, Presence.CONNECTED, Presence.INTERMITTENT]),
    st.sampled_from([False, False, False, True]),
)
pauses = st.sampled_from([0.05, 0.5, 1.0, 2.0, 2.95, 3.0, 10.0, 19.9, 20.0, 30.0, 100.0])


class AnyOrder(RuleBasedStateMachine):
    """A site under arbitrary inputs, watched by the model."""

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(SITE)
        self.site = SiteLiveness(SITE, 0.0)

    @initialize(is_connected=st.booleans())
    def a_site(self, *, is_connected: bool) -> None:
        for name in NAMES[:6]:
            self.put(name, DeviceSettings(20.0))
        if is_connected:
            self.connected("boot-1")

    @rule(name=devices, given=device_settings)
    def put(self, name: str, given: DeviceSettings) -> None:
        self.site.put(name, self.model.now, given)
        device = self.model.devices.setdefault(name, Allowed(given, since=self.model.now))
        if device.settings.offline_after != given.offline_after:
            device.waits_from = self.model.now
        device.settings = given
        if given.is_disabled or given.presence is Presence.INTERMITTENT:
            device.will = None

    @rule(name=devices)
    def remove(self, name: str) -> None:
        self.tick()
        self.site.remove(name)
        self.model.devices.pop(name, None)

    @rule(name=devices, session=sessions)
    def message_received(self, name: str, session: str | None) -> None:
        self.site.message_received(name, self.model.now, session)
        device = self.model.devices.get(name)
        if session is not None and device is not None and not device.settings.is_disabled:
            device.session = session
        self.model.alive(name)

    @rule(name=devices, session=sessions, retained=st.booleans())
    def online(self, name: str, session: str | None, *, retained: bool) -> None:
        status = DeviceStatus(name, "online", session=session)
        self.site.status(name, status, self.model.now, retained=retained)
        self.model.came(name, session, retained=retained)

    @rule(
        name=devices,
        session=sessions,
        reason=st.sampled_from([Reason.LAST_WILL, Reason.LAST_WILL, Reason.DISCONNECTED]),
        retained=st.booleans(),
    )
    def offline(self, name: str, session: str | None, reason: Reason, *, retained: bool) -> None:
        status = DeviceStatus(name, "offline", session=session, reason=reason)
        self.site.status(name, status, self.model.now, retained=retained)
        self.model.went(name, session, reason, retained=retained)

    @rule(names=st.lists(devices, min_size=4, unique=True), pause=st.sampled_from([0.0, 0.1, 0.4, 0.6]))
    def many_wills(self, names: list[str], pause: float) -> None:
        for name in names:
            self.offline(name, None, Reason.LAST_WILL, retained=False)
            self.pass_time(pause)

    @rule(heard=ages, lag=lags, is_processor=st.booleans(), is_reply=st.booleans())
    def digest(self, heard: dict[str, float], lag: float | None, *, is_processor: bool, is_reply: bool) -> None:
        now = self.model.now
        source = "processor" if is_processor else "gateway"
        self.site.digest(Activity(source, heard, queue_lag_seconds=lag, is_reply=is_reply), now)
        if is_processor:
            self.model.processor_status(is_online=True)
        if is_reply:
            for name in heard.keys() & self.model.devices.keys() if lag is not None else ():
                device = self.model.devices[name]
                device.told = max(device.told, now - (lag or 0.0) - heard[name])
            return
        if lag is None or lag > SITE.digest_slack:
            self.model.listening_since = now
        for name, age in heard.items() if lag is not None else ():
            self.model.was_alive(name, now - (lag or 0.0) - age)

    @rule(boot=boots)
    def connected(self, boot: str | None) -> None:
        self.site.connected(self.model.now, boot)
        self.model.connected(boot)

    @rule(boot=st.sampled_from(["boot-1", "boot-2"]))
    def on_boot_id(self, boot: str) -> None:
        self.site.on_boot_id(self.model.now, boot)
        self.model.boot_is(boot)

    @rule(uptime=st.sampled_from([0.0, 1.0, 10.0, 1000.0]))
    def running(self, uptime: float) -> None:
        self.site.on_uptime(self.model.now, uptime)
        self.model.began(self.model.now - uptime)

    @rule()
    def disconnected(self) -> None:
        self.site.disconnected(self.model.now)
        self.model.lost()

    @rule(pause=pauses)
    def outage(self, pause: float) -> None:
        self.disconnected()
        self.pass_time(pause)
        self.connected(None)

    @rule(is_online=st.booleans(), retained=st.booleans())
    def processor_status(self, *, is_online: bool, retained: bool) -> None:
        self.site.processor_status(self.model.now, is_online=is_online, retained=retained)
        if is_online and retained and self.model.retained_may_be_stale:
            self.model.is_deaf, self.model.has_teller = self.model.is_deaf or not self.model.has_teller, True
        else:
            self.model.processor_status(is_online=is_online)

    @rule(pause=pauses)
    def pass_time(self, pause: float) -> None:
        """Let time go by with a tick at each deadline."""
        end = self.model.now + pause
        self.tick()
        while (deadline := self.site.deadline()) is not None and deadline <= end:
            assert deadline > self.model.now, "a deadline that a tick does not meet"
            self.model.now = deadline
            self.tick()
        self.model.now = end

    @rule(pause=pauses)
    def oversleep(self, pause: float) -> None:
        """Let time go by without any tick, as on a stopped process."""
        self.tick()
        self.model.now += pause

    @rule()
    def failover(self) -> None:
        """Another operator takes over, from the state of the last one."""
        self.tick()
        model = self.model
        fresh = Model(SITE, model.now, lost_at=model.now)
        site = SiteLiveness(SITE, model.now)
        for name, device in model.devices.items():
            known = self.site.known(name)
            assert known is not None
            seed = RestoredState.from_status(
                known.phase, known.reason, since=known.since, seen=known.seen, session=known.session
            )
            site.put(name, model.now, device.settings, seed)
            fresh.devices[name] = replace(device, will=None)
        assert site.tick(model.now) == [], "something is said of what was known"
        assert site.mass_last_wills() == []
        self.site, self.model = site, fresh

    def tick(self) -> None:
        for change in self.site.tick(self.model.now):
            self.model.check(change)
        self.site.mass_last_wills()

    @invariant()
    def it_is_as_the_rules_say(self) -> None:
        self.tick()
        phases = []
        for name in self.model.devices:
            known = self.site.known(name)
            assert known is not None
            self.model.check_state(known)
            phases.append(known.phase)
        assert self.site.counts() == Counts(
            total=len(phases),
            online=phases.count(Phase.ONLINE),
            offline=phases.count(Phase.OFFLINE),
            unknown=phases.count(Phase.UNKNOWN),
            pending=phases.count(Phase.PENDING),
            disabled=phases.count(Phase.DISABLED),
        )
        deadline = self.site.deadline()
        assert deadline is None or deadline > self.model.now

    def teardown(self) -> None:
        self.pass_time(1000.0)
        self.it_is_as_the_rules_say()


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
