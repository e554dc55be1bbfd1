"""Real measurements to replay: hourly temperatures of Seattle, which a package of PyPI contains.

The package is pinned for this benchmark only; pip downloads it into the cache once.
"""

import csv
import io
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from e2e.cluster.cache import cache_root

REQUIREMENT = "vega_datasets==0.9.0"
SHA256 = "3d7c63917be6ca9b154b565f4779a31fedce57b01b5b9d99d8a34a7608062a1d"
FILE = "vega_datasets/_data/seattle-temps.csv"
PIP_SECONDS = 300.0

READINGS_PER_SECOND = 20
"""Of one device: an hour has 72,000."""

_READING = (
    '{"device_id":"%s","timestamp":"%s","sensor_type":"temperature","value":%s,"unit":"fahrenheit",'
    '"location":"hall-%d","metadata":{"firmware":"2.4.1","battery":%d,"rssi":%d},"session":"%s","seq":%d}'
)


def temperatures() -> list[str]:
    """Return the measured values in °F, in their order, as text."""
    place = cache_root(os.environ, Path.home()) / "sensor-data"
    if not any(place.glob("vega_datasets-*.whl")):
        place.mkdir(parents=True, exist_ok=True)
        pinned = place / "requirements.txt"
        pinned.write_text(f"{REQUIREMENT} --hash=sha256:{SHA256}\n")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command = [*pip, "--require-hashes", "--dest", str(place), "--requirement", str(pinned)]
        subprocess.run(command, check=True, timeout=PIP_SECONDS)
    with zipfile.ZipFile(next(place.glob("vega_datasets-*.whl"))) as wheel:
        rows = csv.DictReader(io.StringIO(wheel.read(FILE).decode()))
        return [row["temp"] for row in rows]


@dataclass(frozen=True, slots=True)
class Replay:
    """Devices that send the measured values at their rate, each from another point of the series on.

    Attributes:
        values: measured values.
        devices: number of devices.
        begun: time of the first reading, in seconds since 1970.
        session: of the devices.
    """

    values: Sequence[str]
    devices: int
    begun: float
    session: str = "boot-17"

    def second(self, number: int) -> Iterator[tuple[str, str]]:
        """Yield each device and the JSON array of its readings in second `number` since the begin."""
        stamps = [_stamp(self.begun + number + tick / READINGS_PER_SECOND) for tick in range(READINGS_PER_SECOND)]
        first = number * READINGS_PER_SECOND
        for device in range(self.devices):
            name = f"d{device + 1:02}"
            at = first + device * len(self.values) // self.devices
            readings = (
                self._reading(name, device, stamps[tick], at + tick, first + tick) for tick in range(len(stamps))
            )
            yield name, f"[{','.join(readings)}]"

    def _reading(self, name: str, device: int, stamp: str, at: int, seq: int) -> str:
        value = self.values[at % len(self.values)]
        battery, rssi = 100 - seq // 100_000 % 60, -60 - int(float(value)) % 7
        return _READING % (name, stamp, value, device % 4 + 1, battery, rssi, self.session, seq)


def _stamp(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
