"""Many sites at once, and what an operator used for them."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edge_operator.desired.kinds import ChildKind
from tests.support.processes import eventually
from tests.support.sites import Sites, kind_path

APPLIERS = 4
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Usage:
    """What a process has used.

    Attributes:
        cpu: seconds of CPU since its start.
        peak: its largest resident set, in bytes.
        resident: its present resident set, in bytes.
    """

    cpu: float
    peak: int
    resident: int

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Read it from /proc (proc(5))."""
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        kib = {name: int(status[name].split()[0]) for name in ("VmHWM", "VmRSS")}
        return cls((int(fields[11]) + int(fields[12])) / TICKS, kib["VmHWM"] * 1024, kib["VmRSS"] * 1024)


@dataclass(frozen=True)
class Fleet:
    """Sites `site-000` … in one namespace.

    Attributes:
        sites: where they are.
        size: how many.
    """

    sites: Sites
    size: int

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [f"site-{number:03d}" for number in range(self.size)]

    def apply(self) -> None:
        """Apply them all, a few at a time."""
        with ThreadPoolExecutor(APPLIERS) as pool:
            list(pool.map(self.sites.apply, self.names))

    def count(self, kind: ChildKind) -> int:
        """Return how many objects of a kind there are in the namespace."""
        return len(self.sites.api("GET", kind_path(kind, self.sites.namespace))["items"])

    def reconciled(self) -> int:
        """Return how many were acted on in their present generation."""
        path = self.sites.path("").rstrip("/")
        listed = self.sites.api("GET", path)["items"]
        return sum(
            (item.get("status") or {}).get("observedGeneration") == item["metadata"]["generation"] for item in listed
        )

    def await_reconciled(self, seconds: float) -> None:
        """Return once all of them were acted on."""
        eventually(f"{self.size} sites reconciled", lambda: self.reconciled() == self.size, seconds, pause=0.25)

    def unasked(self) -> int:
        """Return the number of sites without a broker condition: an unknown name takes its time."""
        listed = self.sites.api("GET", self.sites.path("").rstrip("/"))["items"]
        conditions = (each for item in listed for each in (item.get("status") or {}).get("conditions") or ())
        told: int = sum(each["type"] == "BrokerConnected" and each["status"] != "Unknown" for each in conditions)
        return self.size - told

    def await_brokers_asked(self, seconds: float) -> None:
        """Return once every site says how the way to its broker is."""
        eventually("every broker was asked", lambda: self.unasked() == 0, seconds, pause=0.25)

    def await_quiet(self, writes: "CountWrites", quiet_for: float, seconds: float) -> None:
        """Return once no write was counted for `quiet_for` seconds."""
        last, since = writes(), time.monotonic()

        def quiet() -> bool:
            nonlocal last, since
            if (now := writes()) != last:
                last, since = now, time.monotonic()
            return time.monotonic() - since >= quiet_for

        eventually(f"no write for {quiet_for} s", quiet, seconds, pause=0.25)


Metric = Callable[..., float]
"""`OperatorProcess.metric`."""


class CountWrites:
    """Counts an operator's writes by its own metrics: cheap enough to be asked often."""

    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def __call__(self) -> int:
        """Return the writes that were sent so far."""
        return int(sum(self._metric("edge_api_calls_total", verb=verb) for verb in ("POST", "PATCH", "PUT", "DELETE")))
