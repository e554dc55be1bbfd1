"""Every device's phase as a watch of the API server reports it, compared with the expected one."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kubernetes import client

from edge_operator.api.schema import API_VERSION
from tests.support.processes import eventually

WATCH_SECONDS = 4 * 3600
CHUNK = 1 << 18


@dataclass
class DeviceWatch:
    """Follows all EdgeDevices of one namespace in a thread, from the first one on.

    Attributes:
        phases: phase of each device, as reported last.
        changed: when the phase of each changed last, by the monotonic clock.
        ready: when the credentials of each were reported as ready.
        running: devices that the benchmark runs now.
        false_offline: running devices that were reported Offline, with the reason.
        reports: how often each phase with its reason was reported.
        failed: why the watch has ended; None while it runs.
        version: resourceVersion of the last event.
        on_ready: called with the name of each device with its credentials.
    """

    api: client.ApiClient
    namespace: str
    phases: dict[str, str] = field(default_factory=dict)
    changed: dict[str, float] = field(default_factory=dict)
    ready: dict[str, float] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    false_offline: list[tuple[str, str]] = field(default_factory=list)
    reports: Counter[str] = field(default_factory=Counter)
    on_ready: Callable[[str], None] = lambda _: None
    failed: BaseException | None = None
    version: str = "0"

    def start(self) -> "DeviceWatch":
        """Begin to watch; returns once the API server has answered."""
        answered = threading.Event()
        threading.Thread(target=self._run, args=(answered,), name="watch of devices", daemon=True).start()
        assert answered.wait(20)
        return self

    def reset(self) -> None:
        """Reset the counts of reports."""
        self.false_offline, self.reports = [], Counter()

    def wrong(self, expected: Mapping[str, str]) -> list[str]:
        """Return the devices that are not reported with the expected phase."""
        return [name for name, phase in expected.items() if self.phases.get(name) != phase]

    def await_expected(self, expected: Mapping[str, str], seconds: float) -> list[str]:
        """Wait until every device is reported with the expected phase, and return those that are not in time."""
        end = time.monotonic() + seconds
        while (wrong := self.wrong(expected)) and time.monotonic() < end:
            assert self.failed is None, self.failed
            time.sleep(0.2)
        return wrong

    def await_ready(self, count: int, seconds: float) -> None:
        """Wait until so many devices have their credentials."""
        eventually(f"{count} with credentials", lambda: len(self.ready) >= count or self.failed, seconds, pause=0.2)
        assert self.failed is None, self.failed

    def last_change(self, names: Iterable[str]) -> float:
        """Return when the phase of the last of these devices changed."""
        return max(self.changed.get(name, 0.0) for name in names)

    def _run(self, answered: threading.Event) -> None:
        try:
            while True:
                # The API server ends a watch that falls behind: the next one sends the missed events.
                for event in self._events(answered):
                    self._take(event)
        except Exception as error:  # noqa: BLE001 - the waiting thread raises it
            self.failed = error

    def _events(self, answered: threading.Event) -> Iterator[dict[str, Any]]:
        url = f"{self.api.configuration.host}/apis/{API_VERSION}/namespaces/{self.namespace}/edgedevices"
        fields = {"watch": "true", "resourceVersion": self.version, "timeoutSeconds": str(WATCH_SECONDS)}
        pool = self.api.rest_client.pool_manager
        response = pool.request("GET", url, fields=fields, preload_content=False, timeout=None)
        assert response.status == 200, response.status
        answered.set()
        rest = b""
        while True:
            part = response.read1(CHUNK)
            if not part:
                return
            *lines, rest = (rest + part).split(b"\n")
            yield from map(json.loads, lines)

    def _take(self, event: dict[str, Any]) -> None:
        assert event["type"] != "ERROR", event
        self.version = event["object"]["metadata"]["resourceVersion"]
        name, status = event["object"]["metadata"]["name"], event["object"].get("status") or {}
        conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
        if name not in self.ready and conditions.get("CredentialsReady") == "True":
            self.ready[name] = time.monotonic()
            self.on_ready(name)
        phase = status.get("phase", "")
        if phase == self.phases.get(name):
            return
        self.phases[name], self.changed[name] = phase, time.monotonic()
        reason = (status.get("connectivity") or {}).get("reason", "")
        self.reports[f"{phase}/{reason}"] += 1
        if phase == "Offline" and name in self.running:
            self.false_offline.append((name, reason))
