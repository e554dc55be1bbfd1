"""How long the destination waits after failures."""

import pytest

from edge_processor.delivery.destination import DeliveryError
from edge_processor.sinks.http.errors import ConnectionFailedError
from edge_processor.sinks.http.pauses import Pauses


def waits(pauses: Pauses, failure: DeliveryError, took_seconds: float = 0.0, count: int = 20) -> list[float]:
    """Return the pauses after attempts that took so long, in seconds."""
    return [pauses.until(failure, 100.0, 100.0 + took_seconds) - 100.0 - took_seconds for _ in range(count)]


@pytest.mark.parametrize(("sync_interval", "longest"), [(300.0, 4.0), (2.0, 2.0)])
def test_a_server_that_cannot_be_reached_is_tried_often(sync_interval: float, longest: float) -> None:
    found = waits(Pauses(sync_interval), ConnectionFailedError("x"))
    assert found[0] <= 0.2
    assert all(longest / 2 <= each <= longest for each in found[8:])
    assert len(set(found[8:])) > 1, "with jitter"


def test_the_time_of_an_attempt_is_a_part_of_its_pause() -> None:
    assert waits(Pauses(300.0), ConnectionFailedError("x"), took_seconds=5.0) == pytest.approx([0.1] * 20)


def test_a_server_that_refuses_is_tried_less_often() -> None:
    found = waits(Pauses(300.0), DeliveryError("x"))
    assert found[0] <= 0.5
    assert all(150.0 <= each <= 300.0 for each in found[12:])


def test_the_server_says_when() -> None:
    found = waits(Pauses(300.0), DeliveryError("x", retry_after_seconds=600.0))
    assert all(600.0 <= each <= 660.0 for each in found)
    assert len(set(found)) > 1, "not all sites at once"


def test_after_a_success_pauses_are_short_again() -> None:
    pauses = Pauses(300.0)
    waits(pauses, DeliveryError("x"))
    pauses.reset()
    assert waits(pauses, DeliveryError("x"), count=1)[0] <= 0.5
