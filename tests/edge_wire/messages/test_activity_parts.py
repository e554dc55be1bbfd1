"""A long digest goes out in parts, each as full as it may be."""

import pytest

from edge_wire.messages import Activity

FULL = 64 * 1024 - 1024
"""Bytes of a part that are for devices: each costs its id and its age as JSON, a colon and a comma."""


def digest(*sizes: int) -> Activity:
    """Return a digest of devices that cost so many bytes each."""
    ages = {f"{number}".rjust(size - 7, "x"): 0.5 for number, size in enumerate(sizes)}
    return Activity("edge-processor", ages, queue_lag_seconds=1.5, is_reply=True)


PARTS = [
    pytest.param((), [0], id="no device"),
    pytest.param((FULL - 20, 20), [2], id="just full"),
    pytest.param((FULL - 20, 21), [1, 1], id="a byte too much"),
    pytest.param((FULL // 2, FULL // 2, FULL // 2, FULL // 2, 20), [2, 2, 1], id="the next part is as large"),
    pytest.param((FULL + 1, 20), [1, 1], id="a device that is too much by itself"),
]


@pytest.mark.parametrize(("sizes", "counts"), PARTS)
def test_parts(sizes: tuple[int, ...], counts: list[int]) -> None:
    whole = digest(*sizes)

    parts = list(whole.parts())

    assert [len(part.ages) for part in parts] == counts
    assert [item for part in parts for item in part.ages.items()] == list(whole.ages.items())
    assert {(part.source, part.queue_lag_seconds, part.is_reply) for part in parts} == {("edge-processor", 1.5, True)}


@pytest.mark.parametrize("count", [1, 10_000])
def test_part_has_64_kib_at_most(count: int) -> None:
    ages = {f"device-{number:057}": number + 0.123 for number in range(count)}

    encoded = [part.encode() for part in Activity("edge-processor", ages).parts()]

    assert all(len(part) <= 64 * 1024 for part in encoded)
    assert {name: age for part in encoded for name, age in Activity.parse(part).ages.items()} == ages
