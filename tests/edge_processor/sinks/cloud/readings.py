"""Stored readings and alerts as a site's processor has them."""

import datetime as dt
import random
from collections.abc import Iterator

import orjson

from edge_processor.delivery.ledger import Entry
from edge_wire.store import OutboxAlert

START = dt.datetime(2026, 11, 30, 12, tzinfo=dt.UTC)
KINDS = (("temperature", "celsius", 21.0), ("humidity", "percent", 45.0), ("pressure", "pascal", 101_300.0))
DEVICES = 100


def entries(count: int, first: int = 1) -> list[Entry]:
    """Return `count` readings of 100 devices, with consecutive offsets."""
    return list(_entries(count, first))


def _entries(count: int, first: int) -> Iterator[Entry]:
    draw = random.Random(first)
    for offset in range(first, first + count):
        device = offset % DEVICES
        kind, unit, middle = KINDS[device % len(KINDS)]
        received = START + dt.timedelta(milliseconds=offset + draw.randrange(3))
        yield (
            offset,
            orjson.dumps(
                {
                    "device_id": f"sensor-{device:03d}",
                    "timestamp": _text(received - dt.timedelta(milliseconds=draw.randrange(3, 40))),
                    "sensor_type": kind,
                    "value": round(middle + draw.gauss(0, middle / 50), 2),
                    "unit": unit,
                    "location": "hall-1",
                    "metadata": {"processed_at": _text(received), "processor": "edge-processor"},
                    "session": f"{device * 0x9E3779B97F4A7C15 % 2**64:016x}",
                    "seq": offset // DEVICES,
                    "offset": offset,
                    "received_at": _text(received),
                }
            ),
        )


def alerts(count: int, first: int = 1) -> list[OutboxAlert]:
    """Return `count` alerts of an outbox."""
    return [
        OutboxAlert(
            number,
            {
                "type": "sensor_alert",
                "alert_id": f"alert-{number}",
                "rule": "too-hot",
                "device_id": "sensor-001",
                "sensor_type": "temperature",
                "value": 90.5,
                "threshold": 80.0,
                "timestamp": _text(START),
                "location": "hall-1",
                "severity": "Critical",
                "state": "firing",
            },
        )
        for number in range(first, first + count)
    ]


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
