"""Whether a processor runs: by its pods and by its status, and only after a while."""

from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.site_broker.processor_presence import ABSENT_SECONDS, ProcessorPresence
from edge_wire.messages import ComponentStatus
from tests.edge_operator.control.samples import SITE


class World:
    """The processors of one site."""

    def __init__(self) -> None:
        self.at, self.enqueued = 100.0, list[ResourceKey]()
        self.presence = ProcessorPresence(self.enqueued.append, lambda: self.at)

    def offline(self, instance: str = "a", component: str = "processor") -> None:
        self.presence.record(SITE, ComponentStatus(component, "offline", instance))

    def online(self, instance: str = "a") -> None:
        self.presence.record(SITE, ComponentStatus("processor", "online", instance))

    def get(self, *, ready: bool = True) -> tuple[bool, float]:
        return self.presence.get(SITE, ready=ready)


def test_no_ready_pod_counts_after_a_while() -> None:
    world = World()
    assert world.get() == (False, 0.0)
    assert world.get(ready=False) == (False, ABSENT_SECONDS)
    world.at += ABSENT_SECONDS - 1
    assert world.get(ready=False) == (False, 1.0)
    world.at += 1
    assert world.get(ready=False) == (True, 0.0)
    assert world.get() == (False, 0.0)


def test_offline_status_counts_after_a_while_until_a_processor_is_online() -> None:
    world = World()
    world.online()
    world.offline()
    world.offline()
    assert (world.get(), world.enqueued) == ((False, ABSENT_SECONDS), [SITE])
    world.at += ABSENT_SECONDS
    assert world.get() == (True, 0.0)
    world.online("b")
    assert (world.get(), len(world.enqueued)) == ((False, 0.0), 2)


def test_will_of_a_processor_that_was_replaced_and_other_components_do_not_count() -> None:
    world = World()
    world.online("b")
    world.offline("a")
    world.offline("b", component="storage")
    assert (world.get(), world.enqueued) == ((False, 0.0), [])


def test_deleted_site_and_another_leader_begin_again() -> None:
    world = World()
    world.offline()
    world.presence.remove(SITE)
    assert world.get() == (False, 0.0)
    world.offline()
    world.presence.clear()
    assert world.get() == (False, 0.0)
