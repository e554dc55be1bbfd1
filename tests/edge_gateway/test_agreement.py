"""`kubectl get edgedevices` and `GET /devices` show the same, in any order of events and restarts of either."""

import math
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.edge_gateway.agreement.world import OFFLINE_AFTER, World

SOON = 3.0
"""Seconds within which both show the same while nothing disturbs them: digests go out every second."""

SETTLED = OFFLINE_AFTER + 5.0
"""Seconds after a restart or a new connection of either side: one offlineAfter, and the grace of a will."""

NAMES = ("a", "b", "c")


def restart_gateway(world: World, seconds: float = 0.0) -> None:
    world.gateway.stop()
    world.wait(seconds)
    world.gateway.start()
    world.connect(world.gateway)


def restart_operator(world: World, seconds: float = 0.0) -> None:
    world.operator.stop()
    world.wait(seconds)
    world.operator.start()
    world.connect(world.operator)


def made(*names: str) -> World:
    world = World()
    for name in names:
        world.create(name)
    world.wait(1.0)
    return world


def test_device_that_sent_data_alone_is_offline_for_a_gateway_that_began_later() -> None:
    world = made("a")
    assert (world.kubectl("a"), world.shown("a")) == (("unknown", "NotYetSeen"),) * 2
    world.send_data(world.devices["a"])
    world.wait(2.0)
    assert (world.kubectl("a"), world.shown("a")) == (("online", "HeartbeatReceived"),) * 2
    world.wait(OFFLINE_AFTER + 1.0)
    assert (world.kubectl("a"), world.shown("a")) == (("offline", "HeartbeatExpired"),) * 2
    world.wait(480.0)
    restart_gateway(world)
    world.wait(SOON)
    assert world.shown("a") == ("offline", "HeartbeatExpired")


def sign_off(world: World) -> None:
    world.come(world.devices["a"])
    world.lose(world.devices["a"], "Disconnected")


def vanish(world: World) -> None:
    world.come(world.devices["a"])
    world.lose(world.devices["a"])


def only_acknowledge(world: World) -> None:
    world.acknowledge(world.devices["a"])
    world.wait(OFFLINE_AFTER + 2.0)


def only_request(world: World) -> None:
    world.request(world.devices["a"])
    world.wait(OFFLINE_AFTER + 2.0)


def send_an_unknown_word(world: World) -> None:
    world.say(world.devices["a"], b"idle")


def create_again(world: World) -> None:
    world.send_data(world.devices["a"])
    world.wait(5.0)
    world.delete("a")
    world.wait(1.0)
    world.create("a")


def disable_and_enable(world: World) -> None:
    world.send_data(world.devices["a"])
    world.wait(5.0)
    world.configure("a", disabled=True)
    world.wait(1.0)
    world.configure("a")


def lose_the_broker(world: World) -> None:
    world.come(world.devices["a"])
    world.wait(1.0)
    world.stop_broker(gracefully=True)
    world.wait(40.0)
    world.start_broker()
    world.connect(world.operator)
    world.connect(world.gateway)


def send_while_the_operator_is_away(world: World) -> None:
    world.operator.stop()
    world.send_data(world.devices["a"])
    world.wait(30.0)
    world.operator.start()
    world.connect(world.operator)


STORIES = (
    sign_off,
    vanish,
    only_acknowledge,
    only_request,
    send_an_unknown_word,
    create_again,
    disable_and_enable,
    lose_the_broker,
)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
@pytest.mark.parametrize("restart", [restart_gateway, restart_operator], ids=lambda each: each.__name__)
@pytest.mark.parametrize("seconds", [0.0, 45.0])
def test_restart_of_one_side_changes_nothing(
    story: Callable[[World], None], restart: Callable[[World, float], None], seconds: float
) -> None:
    world = made("a")
    story(world)
    world.wait(5.0)
    assert world.agree("a"), (world.kubectl("a"), world.shown("a"))
    before = world.kubectl("a")
    restart(world, seconds)
    world.wait(SOON)
    # An operator that did not run for longer than offlineAfter counts that time again.
    if restart is restart_gateway or seconds < OFFLINE_AFTER:
        assert world.agree("a"), (before, world.kubectl("a"), world.shown("a"))
    world.wait(SETTLED)
    assert world.agree("a"), (before, world.kubectl("a"), world.shown("a"))


def test_what_neither_received_is_known_from_the_store() -> None:
    world = made("a")
    world.gateway.stop()
    send_while_the_operator_is_away(world)
    world.gateway.start()
    world.connect(world.gateway)
    world.wait(SETTLED)
    assert (world.kubectl("a"), world.shown("a")) == (("offline", "HeartbeatExpired"),) * 2


class Agreement(RuleBasedStateMachine):
    """Devices, both sides and the broker in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.disturbed_at = self.world.time.at
        self.differs_since = dict.fromkeys(NAMES, math.inf)

    @initialize()
    def devices(self) -> None:
        for name in NAMES:
            self.world.create(name, **self.spec(name))
        self.world.wait(1.0, self.check)

    @staticmethod
    def spec(name: str) -> dict[str, str]:
        return {"presence": "Intermittent"} if name == "c" else {}

    def disturb(self) -> None:
        self.disturbed_at = self.world.time.at

    @rule(name=st.sampled_from(NAMES), act=st.sampled_from(["come", "lose", "send_data", "acknowledge", "request"]))
    def act(self, name: str, act: str) -> None:
        getattr(self.world, act)(self.world.devices[name])

    @rule(name=st.sampled_from(NAMES))
    def sign_off(self, name: str) -> None:
        self.world.lose(self.world.devices[name], "Disconnected")

    @rule(name=st.sampled_from(NAMES), payload=st.sampled_from([b"online", b"offline", b"idle", b"{", b""]))
    def say(self, name: str, payload: bytes) -> None:
        self.world.say(self.world.devices[name], payload)

    @rule(seconds=st.sampled_from([0.25, 1.0, 2.0, 4.0, 10.0, 19.0, 21.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.world.wait(seconds, self.check)

    @rule(name=st.sampled_from(NAMES), seconds=st.sampled_from([0.0, 1.0, 20.0]))
    def create_again(self, name: str, seconds: float) -> None:
        self.world.delete(name)
        self.disturb()
        self.world.wait(seconds)
        self.world.create(name, **self.spec(name))

    @rule(name=st.sampled_from(NAMES))
    def disable(self, name: str) -> None:
        device = self.world.devices[name]
        self.world.configure(name, **self.spec(name), disabled=not device.is_disabled)
        device.is_connected = False
        self.disturb()

    @rule(which=st.integers(0, 1), seconds=st.sampled_from([0.0, 1.0, 25.0, 60.0]))
    def restart(self, which: int, seconds: float) -> None:
        side = self.world.sides[which]
        side.stop()
        self.world.wait(seconds)
        side.start()
        self.world.connect(side)
        self.disturb()

    @rule(which=st.integers(0, 1), seconds=st.sampled_from([0.25, 1.0, 25.0, 60.0]))
    def cut(self, which: int, seconds: float) -> None:
        side = self.world.sides[which]
        self.world.disconnect(side)
        self.world.wait(seconds)
        self.world.connect(side)
        self.disturb()

    @rule(seconds=st.sampled_from([0.25, 5.0, 40.0]), gracefully=st.booleans())
    def restart_broker(self, seconds: float, *, gracefully: bool) -> None:
        self.world.stop_broker(gracefully=gracefully)
        self.world.wait(seconds)
        self.world.start_broker()
        for side in self.world.sides:
            self.world.connect(side)
        self.disturb()

    def check(self) -> None:
        now = self.world.time.at
        for name in NAMES:
            if self.world.agree(name):
                self.differs_since[name] = math.inf
                continue
            since = self.differs_since[name] = min(self.differs_since[name], now)
            allowed = SOON if since >= self.disturbed_at + SETTLED else SETTLED
            says = f"{name}: kubectl {self.world.kubectl(name)}, gateway {self.world.shown(name)}"
            assert now - max(since, self.disturbed_at) <= allowed, says

    @invariant()
    def agrees(self) -> None:
        self.check()

    def teardown(self) -> None:
        self.world.wait(2 * SETTLED, self.check)


Agreement.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestAgreement = Agreement.TestCase
