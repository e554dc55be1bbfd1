"""A crash run: a site under load, the rounds of a script, and the judgement of each."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.crash.checker import Checker
from benchmarks.crash.collected import StoreReader, SubscriberFile
from benchmarks.crash.evidence import Alert, Evidence, Key, Rule, Stored, Verdict
from benchmarks.crash.failing import carry_out
from benchmarks.crash.history import History
from benchmarks.crash.parts import KeptDaemon, Part, Program
from benchmarks.crash.publisher import SESSION
from benchmarks.crash.script import Kind, Round, Target
from benchmarks.crash.sinks.far_end import Sinks
from benchmarks.path.site import Tool
from tests.edge_processor.site import Site
from tests.edge_service.process import ServiceProcess

SUBSCRIBER = "~scada"
RULE = Rule(above=80, clear=75)
LEASE_METRIC = "edge_processor_lease_held"
SETTLE_SECONDS = 240.0
"""Time after a round for everything to be stored and published."""

LOSS_SECONDS = 20.0
"""Time without any change after which what is missing is lost."""

SINK_LOSS_SECONDS = 30.0
"""The same with sinks: a request that gets no answer is sent again after its time limit."""

POLL_SECONDS = 0.25
_INGESTERS = frozenset({Target.PROCESSOR, Target.STANDBY, Target.STORE})
"""What a round may end an ingester with: each has lanes of its own."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is done.

    Attributes:
        rate: readings a second of all devices.
        devices: number of devices.
        after_seconds: load after the last failure of a round.
    """

    rate: float
    devices: int = 20
    after_seconds: float = 1.0


@dataclass
class Run:
    """A site under load.

    Attributes:
        site: with broker and store.
        options: how the run is done.
        history: where events are written.
        store: the store as a part.
        sinks: the far end of the site; None if it has none.
        alerts_played: number of alerts in all rounds so far.
    """

    site: Site
    options: Options
    history: History
    store: Part
    sinks: Sinks | None = None
    processors: list[ServiceProcess] = field(default_factory=list, init=False)
    alerts_played: int = field(default=0, init=False)
    _acknowledged: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._dead_letters = 0
        self._out = SubscriberFile(self.site.directory / "out")
        self._reader = StoreReader(self.site.store_url)
        self._checker = Checker(RULE)

    @contextmanager
    def started(self) -> Iterator["Run"]:
        """Run processors, subscriber and devices."""
        port, passwords = str(self.site.broker.layout.mqtt), self.site.broker.passwords
        self.processors = [self._processor(name) for name in ("first", "second")]
        login = ("--username", SUBSCRIBER, "--password", passwords[SUBSCRIBER])
        subscriber = self._tool("subscriber", "--port", port, *login, "--out", str(self._out.path))
        try:
            subscriber.await_ready()
            logins, rate = str(self._logins()), str(self.options.rate)
            self._publisher = self._tool("publisher", "--port", port, "--logins", logins, "--rate", rate)
            try:
                self._publisher.await_ready()
                yield self
            finally:
                self._publisher.end()
        finally:
            subscriber.end()

    def play(self, number: int, round_: Round) -> Verdict:
        """Play a round and return its judgement."""
        self.history.add("round", number=number, actions=[f"{each.kind} of {each.target}" for each in round_])
        self._publisher.go("go")
        carry_out(round_, self._part, self.history)
        time.sleep(self.options.after_seconds)
        self._publisher.go("pause")
        before, self._acknowledged = self._acknowledged, json.loads(self._publisher.answer())
        keys = frozenset(
            Key(device, SESSION, seq)
            for device, count in self._acknowledged.items()
            for seq in range(before.get(device, 0), count)
        )
        self.history.add("all is acknowledged", readings=len(keys))
        for process in (self.site.store, *self.processors):
            process.await_ready()
        stored = self._settled(keys)
        killed = any(each.target is Target.BROKER and each.kind is Kind.KILL for each in round_)
        ingesters = 1 + sum(each.target in _INGESTERS for each in round_)
        verdict = self._checker.check(self._evidence(keys, stored, 2 * ingesters, is_broker_killed=killed))
        self.history.add("judged", stored=len(stored), **_facts(verdict))
        return verdict

    def _evidence(self, keys: frozenset[Key], stored: list[Stored], lanes: int, *, is_broker_killed: bool) -> Evidence:
        alerts = self._reader.alerts()
        self.alerts_played += len(alerts)
        was, self._dead_letters = self._dead_letters, self._reader.dead_letters()
        dead_letters = self._dead_letters - was
        out = self._out
        evidence = Evidence(keys, stored, out.published, alerts, out.alerts, is_broker_killed, dead_letters)
        if self.sinks:
            at_sinks, deceived = self.sinks.take(self._reader.sink_dead_letters())
            evidence = replace(evidence, sinks=at_sinks, lanes=lanes, deceived=deceived)
        self._reader.forget(stored, alerts)
        self._out.forget()
        return evidence

    def _settled(self, keys: frozenset[Key]) -> list[Stored]:
        """Return what is stored, once everything has arrived or nothing has changed for some seconds."""
        begun = changed = time.monotonic()
        newest, stored = -1, list[Stored]()
        patience = LOSS_SECONDS if self.sinks is None else SINK_LOSS_SECONDS
        while time.monotonic() < begun + SETTLE_SECONDS and time.monotonic() < changed + patience:
            was, newest = newest, self._reader.newest()
            if self._out.read() + (self.sinks.read() if self.sinks else 0) or newest != was:
                changed = time.monotonic()
                continue
            stored = self._reader.stored()
            alerts = len({(each.alert_id, each.state) for each in self._out.alerts})
            is_out = {each.offset for each in stored} <= {each.offset for each in self._out.published}
            raised = self._reader.alerts()
            is_all = keys <= {each.key for each in stored} and len(raised) <= alerts
            if is_out and is_all and self._is_at_sinks(stored, raised):
                break
            time.sleep(POLL_SECONDS)
        return stored

    def _is_at_sinks(self, stored: list[Stored], raised: list[Alert]) -> bool:
        found = self.sinks.arrived() if self.sinks else {}
        return all(self._checker.sink(name).has(stored, raised, each) for name, each in found.items())

    def _processor(self, name: str) -> ServiceProcess:
        process = self.site.processor(name, **(self.sinks.settings() if self.sinks else {}))
        process.prefix = self.sinks.link.near_prefix() if self.sinks else ()
        return process.start().await_ready()

    def _part(self, target: Target) -> Part:
        if self.sinks and target in (Target.CLOUD, Target.KAFKA, Target.LINK):
            return self.sinks.part(target)
        if target is Target.BROKER:
            return KeptDaemon(self.site.broker, "broker")
        if target is Target.STORE:
            return self.store
        holder, standby = sorted(self.processors, key=lambda each: -each.metric(LEASE_METRIC))
        return Program(holder if target is Target.PROCESSOR else standby)

    def _logins(self) -> Path:
        path, passwords = self.site.directory / "crash-logins", self.site.broker.passwords
        devices = [name for name in passwords if not name.startswith("~")][: self.options.devices]
        path.write_text("".join(f"{name}:{passwords[name]}\n" for name in devices))
        return path

    def _tool(self, name: str, *arguments: str) -> Tool:
        return Tool(f"benchmarks.crash.{name}", self.site.directory, arguments)


def _facts(verdict: Verdict) -> dict[str, object]:
    return {
        "violations": [f"{each.count} times {each.fault}: {each.example}" for each in verdict.violations],
        "lost_by_broker": verdict.lost_by_broker,
        "unsent_by_broker": verdict.unsent_by_broker,
        "repeats": verdict.repeats,
    }
