"""What a round of a crash run is judged by, and the judgement."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple


class Key(NamedTuple):
    """What identifies a reading.

    Attributes:
        device: its id.
        session: of the device.
        seq: number of the reading in its session.
    """

    device: str
    session: str
    seq: int


class Stored(NamedTuple):
    """A stored reading.

    Attributes:
        key: what identifies it.
        offset: its position.
        value: as it is stored.
    """

    key: Key
    offset: int
    value: float


class Published(NamedTuple):
    """A reading on `cloud/sensors`.

    Attributes:
        key: what identifies it.
        offset: its position.
        digest: of the whole payload, as a number: there are millions.
    """

    key: Key
    offset: int
    digest: int


class Arrival(NamedTuple):
    """A reading at the cloud or in Kafka.

    Attributes:
        site: of which it is, as `namespace/name`.
        log: id of the store's log.
        offset: its position in the log.
        key: what identifies it.
        digest: of the whole reading, as a number.
    """

    site: str
    log: str
    offset: int
    key: Key
    digest: int


class Alert(NamedTuple):
    """An alert, stored, on `alerts` or at a sink.

    Attributes:
        device: its id.
        alert_id: of the pair of firing and cleared.
        state: `firing` or `cleared`.
        digest: of the whole payload.
    """

    device: str
    alert_id: str
    state: str
    digest: int


class Rule(NamedTuple):
    """The alert rule that all devices have: fires above a value, clears below another one."""

    above: float
    clear: float


class Fault(StrEnum):
    """What can be wrong."""

    NOT_STORED = "acknowledged and not stored"
    STORED_TWICE = "stored more than once"
    NOT_OUT = "stored and never on cloud/sensors"
    OUT_ONLY = "on cloud/sensors and not stored"
    REPEAT_DIFFERS = "a repeat on cloud/sensors differs"
    ALERT_NOT_RAISED = "alerts do not follow from the stored readings"
    ALERT_NOT_OUT = "stored alert never on alerts/+"
    ALERT_DIFFERS = "a repeat on alerts/+ differs"
    DEAD_LETTER = "a dead letter, though every payload is a reading"
    NOT_AT_SINK = "stored and never at a sink"
    AT_SINK_ONLY = "at a sink and not stored"
    SINK_REPEAT_DIFFERS = "a repeat at a sink differs"
    SINK_ORDER = "at a sink in an order that two lanes do not have"
    ALERT_NOT_AT_SINK = "stored alert never at a sink"
    SINK_DEAD_LETTER = "a dead letter of a sink that refuses nothing"
    DECEIVED = "a connection to a server with another certificate"


@dataclass(frozen=True, slots=True)
class Violation:
    """One kind of fault of a round.

    Attributes:
        fault: what is wrong.
        count: how often.
        example: the first one.
    """

    fault: Fault
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class SinkEvidence:
    """What has arrived at a sink since the last round.

    Attributes:
        readings: in the order of their arrival, with repeats.
        alerts: in the order of their arrival, with repeats.
        dead_letters: number of dead letters of the sink.
    """

    readings: Sequence[Arrival]
    alerts: Sequence[Alert]
    dead_letters: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a round at its end, when everything is at rest.

    Attributes:
        acknowledged: what the broker has acknowledged to the devices.
        stored: what was stored since the last round, by offset.
        published: what came out on `cloud/sensors` since the last round, in order.
        alerts_stored: since the last round, in order.
        alerts_published: since the last round, in order.
        is_broker_killed: whether the broker was killed.
        dead_letters: number of dead letters since the last round.
        sinks: what has arrived at each sink, by name.
        lanes: number of increasing series of offsets that a device may have at a sink: two for each ingester.
        deceived: number of connections that a server with another certificate got.
    """

    acknowledged: frozenset[Key]
    stored: Sequence[Stored]
    published: Sequence[Published]
    alerts_stored: Sequence[Alert]
    alerts_published: Sequence[Alert]
    is_broker_killed: bool = False
    dead_letters: int = 0
    sinks: Mapping[str, SinkEvidence] = field(default_factory=dict)
    lanes: int = 2
    deceived: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of a round.

    Attributes:
        violations: one for each kind of fault.
        lost_by_broker: number of acknowledged readings that a killed broker had lost.
        unsent_by_broker: number of stored readings and alerts that a killed broker had taken and not sent on.
        repeats: number of readings that came out again.
    """

    violations: tuple[Violation, ...]
    lost_by_broker: int
    unsent_by_broker: int
    repeats: int
