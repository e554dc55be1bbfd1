"""G5, G6: the short form of `make bench-crash` with sinks: link, cloud and Kafka fail, and every reading arrives."""

import random
from pathlib import Path

from benchmarks.crash.history import History
from benchmarks.crash.parts import Program
from benchmarks.crash.run import Options, Run
from benchmarks.crash.script import SHORT, Kind, Target, timed
from benchmarks.crash.sinks.far_end import Sinks
from e2e.kafka.build import KafkaPrograms
from tests.edge_processor.site import Site
from tests.support.link import Link

SEED = 13
RATE = 1200.0
"""Readings a second of all devices."""

ROUNDS = (
    ((Target.LINK, Kind.HALF_OPEN), (Target.PROCESSOR, Kind.KILL)),
    ((Target.LINK, Kind.BLACK_HOLE), (Target.CLOUD, Kind.KILL)),
    ((Target.LINK, Kind.OTHER_CERTIFICATE), (Target.STORE, Kind.TERM)),
    ((Target.KAFKA, Kind.KILL), (Target.LINK, Kind.LOSS)),
)


def test_g6_link_and_sinks_fail_and_every_reading_and_alert_arrives(
    site: Site, link: Link, kafka_programs: KafkaPrograms, tmp_path: Path
) -> None:
    dice, history = random.Random(SEED), History(tmp_path / "history.jsonl")
    far = tmp_path / "far"
    far.mkdir()
    site.store.await_ready()
    with (
        Sinks(far, link, (Target.CLOUD, Target.KAFKA)).started() as sinks,
        Run(site, Options(RATE), history, Program(site.store), sinks).started() as run,
    ):
        verdicts = [run.play(number, timed(each, SHORT, dice)) for number, each in enumerate(ROUNDS)]
        raised = run.alerts_played
    readings = [entry["readings"] for entry in history.entries() if "readings" in entry]
    assert min(readings) > RATE / 2, "the load has failed"
    assert raised > 0, "no alert was raised"
    found = [violation for verdict in verdicts for violation in verdict.violations]
    assert found == [], history.path.read_text()
