"""Stored readings by time: ranges, pages, buckets and streams, through gateway and store."""

import json
from typing import Any

import pytest

from tests.edge_gateway.gateways import Gateway

COUNT = 30
FROM, TO = "2026-01-31T12:00:10Z", "2026-01-31T12:00:20Z"


@pytest.fixture(autouse=True)
async def sent(gateway: Gateway) -> None:
    """Store a reading of each second from noon on, the late ones last; sending them again stores nothing."""
    for device in ("r1", "r2"):
        await gateway.ask("POST", f"/devices/{device}/status", json={"status": "online"})
    seconds = [*range(0, COUNT, 2), *range(1, COUNT, 2)]
    readings = [
        {
            "sensor_type": "even" if second % 2 == 0 else "odd",
            "value": second,
            "unit": "x",
            "timestamp": f"2026-01-31T12:00:{second:02}Z",
            "session": "s",
            "seq": second,
        }
        for second in seconds
    ]
    answer = await gateway.ask("POST", "/devices/r1/data", json=readings)
    assert answer.status == 200


async def values(gateway: Gateway, query: str) -> list[float]:
    """Return the values on all pages."""
    found: list[float] = []
    cursor = ""
    while True:
        answer = await gateway.ask("GET", f"/devices/r1/readings?{query}{cursor}")
        assert answer.status == 200, answer.body
        found += [each["value"] for each in answer.body["readings"]]
        if answer.body["next"] is None:
            return found
        cursor = f"&cursor={answer.body['next']}"


async def test_a_range_in_the_order_of_time(gateway: Gateway) -> None:
    assert await values(gateway, f"from={FROM}&to={TO}&limit=3") == list(range(10, 20))
    assert await values(gateway, f"from={FROM}&to={TO}&limit=4&order=desc") == list(range(19, 9, -1))
    assert await values(gateway, "type=odd&limit=9") == list(range(29, 0, -2))
    assert await values(gateway, "limit=7") == [*range(29, 0, -2), *range(28, -1, -2)]


async def test_buckets(gateway: Gateway) -> None:
    query = f"/devices/r1/readings?from={FROM}&to={TO}&type=even&every=5s"
    answer = await gateway.ask("GET", query)
    assert answer.body == {
        "buckets": [
            {
                "from": "2026-01-31T12:00:10.000Z",
                "to": "2026-01-31T12:00:15.000Z",
                "sensor_type": "even",
                "unit": "x",
                "value": 12,
                "count": 3,
            },
            {
                "from": "2026-01-31T12:00:15.000Z",
                "to": "2026-01-31T12:00:20.000Z",
                "sensor_type": "even",
                "unit": "x",
                "value": 17,
                "count": 2,
            },
        ],
        "next": None,
    }
    first = (await gateway.ask("GET", f"{query}&agg=last&limit=1")).body
    second = (await gateway.ask("GET", f"{query}&agg=last&limit=1&cursor={first['next']}")).body
    assert [each["value"] for each in first["buckets"] + second["buckets"]] == [14, 18]
    assert second["next"] is None


async def test_a_stream_of_a_range(gateway: Gateway) -> None:
    path = f"/devices/r1/readings?from={FROM}&to={TO}"
    answer = await gateway.ask("GET", path, headers={"Accept": "application/x-ndjson"})
    assert answer.status == 200
    assert [json.loads(line)["value"] for line in answer.body.splitlines()] == list(range(10, 20))


@pytest.mark.parametrize("query", ["", f"?from={FROM}", f"?from={FROM}&to={TO}&every=1s"])
async def test_a_device_without_readings_and_one_that_is_unknown(gateway: Gateway, query: str) -> None:
    known = await gateway.ask("GET", f"/devices/r2/readings{query}")
    unknown = await gateway.ask("GET", f"/devices/nobody/readings{query}")
    assert (known.status, known.body["next"]) == (200, None)
    assert (unknown.status, unknown.body["reason"]) == (404, "DeviceNotFound")


WRONG: list[tuple[str, str, str, str]] = [
    ("from=noon", "InvalidParameter", "from", "RFC 3339"),
    (f"from={TO}&to={FROM}", "InvalidParameter", "from", "before to"),
    ("order=up", "InvalidParameter", "order", "asc or desc"),
    ("every=1m", "InvalidParameter", "from", "every needs from"),
    (f"from={FROM}&to={TO}&every=1", "InvalidParameter", "every", "duration"),
    (f"from={FROM}&to={TO}&every=1m&agg=sum", "InvalidParameter", "agg", "avg, min, max or last"),
    ("from=2020-01-01T00:00:00Z&every=1s", "InvalidParameter", "every", "longer every"),
    (f"from={FROM}&cursor=cmVhZGluZ3M6NDI", "InvalidCursor", "cursor", "next"),
    (f"from={FROM}&to={TO}&every=1m&cursor=cmVhZGluZ3M6NDI", "InvalidCursor", "cursor", "next"),
    ("limit=1001", "InvalidParameter", "limit", "1000"),
]


async def test_wrong_parameters_are_problems(gateway: Gateway) -> None:
    for query, reason, name, told in WRONG:
        answer = await gateway.ask("GET", f"/devices/r1/readings?{query}")
        body: dict[str, Any] = answer.body
        assert (answer.status, body["reason"], body["field"]) == (422, reason, name), query
        assert told in body["detail"], query
