"""The queue of command acknowledgements: nothing is acknowledged to the broker before the store has it."""

import asyncio
from collections.abc import Sequence

import orjson
from prometheus_client import CollectorRegistry

from edge_processor.command_acks import GATEWAY_SECONDS, MAX_ACKS, MAX_ACKS_OF_DEVICE, MAX_BATCH_ACKS, CommandAcks
from edge_processor.metrics import ProcessorMetrics
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.messages import CommandAck
from edge_wire.store import StoredAcks, StoreUnavailableError
from tests.edge_operator.cluster.virtual import now, run_virtual
from tests.edge_processor.messages import Acknowledged


class Recording(StoreClient):
    """The way to the store: records requests; each takes a turn of the event loop and may fail."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1")
        self.requests: list[list[tuple[str, str]]] = []
        self.errors: list[Exception] = []
        self.unknown: tuple[int, ...] = ()

    async def acknowledge_commands(self, acks: Sequence[tuple[str, CommandAck]]) -> StoredAcks:
        await asyncio.sleep(0)
        if self.errors:
            raise self.errors.pop(0)
        self.requests.append([(device_id, ack.command_id) for device_id, ack in acks])
        return StoredAcks(len(acks) - len(self.unknown), self.unknown)


class World:
    def __init__(self) -> None:
        self.store, self.connection, self.figures = Recording(), Acknowledged(), CollectorRegistry()
        self.acks = CommandAcks(self.store, ProcessorMetrics(self.figures))

    def put(self, device_id: str, packet_id: int, command_id: str = "c1", result: object = None) -> bool:
        payload = orjson.dumps({"command_id": command_id, "status": "ok", "result": result})
        return self.acks.put(device_id, payload, packet_id, self.connection)

    async def run(self, seconds: float) -> None:
        task = asyncio.create_task(self.acks.run())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.wait({task})

    @property
    def acknowledged(self) -> list[int]:
        return [packet_id for call in self.connection.calls for packet_id in call]

    def dropped(self, reason: str) -> float:
        name = "edge_processor_command_acks_dropped_total"
        return self.figures.get_sample_value(name, {"reason": reason}) or 0.0


def test_an_acknowledgement_is_left_to_the_gateways_for_a_moment_and_then_stored() -> None:
    async def story() -> None:
        world = World()
        assert world.put("d1", 1)
        await world.run(0.9 * GATEWAY_SECONDS)
        assert (world.store.requests, world.acknowledged) == ([], [])
        await world.run(0.2 * GATEWAY_SECONDS)
        assert (world.store.requests, world.acknowledged) == ([[("d1", "c1")]], [1])

    run_virtual(story())


def test_while_the_store_is_away_they_wait_in_their_order() -> None:
    async def story() -> None:
        world = World()
        world.store.errors = [StoreUnavailableError("away")] * 3
        for number in range(3):
            world.put("d1", number + 1, f"c{number}")
        await world.run(30)
        assert world.store.requests == [[("d1", "c0"), ("d1", "c1"), ("d1", "c2")]]
        assert world.acknowledged == [1, 2, 3]
        assert now() > GATEWAY_SECONDS

    run_virtual(story())


def test_what_the_broker_delivers_again_is_dropped_and_what_it_does_not_is_kept() -> None:
    async def story() -> None:
        world = World()
        world.put("d1", 1)
        world.put("d2", 0)
        world.acks.disconnected()
        await world.run(5)
        assert (world.store.requests, world.acknowledged) == ([[("d2", "c1")]], [])

    run_virtual(story())


def test_a_disconnect_during_a_request_loses_none_and_repeats_are_harmless() -> None:
    async def story() -> None:
        world = World()
        world.put("d1", 1)
        world.put("d2", 0)

        async def cut(acks: Sequence[tuple[str, CommandAck]]) -> StoredAcks:
            world.acks.disconnected()
            world.put("d1", 1)
            world.store.acknowledge_commands = once  # type: ignore[method-assign]
            return await once(acks)

        once = world.store.acknowledge_commands
        world.store.acknowledge_commands = cut  # type: ignore[method-assign]
        await world.run(5)
        assert world.store.requests == [[("d1", "c1"), ("d2", "c1")], [("d1", "c1")]]

    run_virtual(story())


def test_unknown_refused_and_malformed_ones_are_counted_and_block_nobody() -> None:
    async def story() -> None:
        world = World()
        for payload in (b"", b"\xff", b"[]", b'{"command_id":7}', b'{"command_id":"c"}'):
            assert not world.acks.put("d1", payload, 1, world.connection)
        world.store.errors = [StoreRefusedError(422, "no")]
        world.put("d1", 2)
        await world.run(5)
        world.store.unknown = (0,)
        world.put("d1", 3)
        await world.run(5)
        assert world.acknowledged == [2, 3]
        counts = {reason: world.dropped(reason) for reason in ("refused", "unknown_command", "type", "field", "empty")}
        assert counts == {"refused": 1, "unknown_command": 1, "type": 2, "field": 1, "empty": 1}

    run_virtual(story())


def test_the_flood_of_one_device_leaves_room_for_the_others() -> None:
    async def story() -> None:
        world = World()
        taken = [world.put("d1", number + 1) for number in range(MAX_ACKS_OF_DEVICE + 5)]
        assert sum(taken) == MAX_ACKS_OF_DEVICE
        assert world.put("d2", 5000)
        others = [world.put(f"e{number}", number + 1) for number in range(MAX_ACKS)]
        assert sum(others) == MAX_ACKS - MAX_ACKS_OF_DEVICE - 1
        await world.run(5)
        assert len(world.acknowledged) == MAX_ACKS
        assert max(len(request) for request in world.store.requests) == MAX_BATCH_ACKS
        assert world.put("d1", 1)

    run_virtual(story())


def test_a_request_to_the_store_is_no_larger_than_it_takes() -> None:
    async def story() -> None:
        world = World()
        for number in range(10):
            world.put("d1", number + 1, f"c{number}", "x" * 250 * 1024)
        await world.run(5)
        assert [len(request) for request in world.store.requests] == [4, 4, 2]

    run_virtual(story())
