"""Renders the files that Mosquitto reads: its configuration and its access rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from jinja2 import Environment, PackageLoader, StrictUndefined

from edge_operator.api.broker import BrokerClient
from edge_operator.desired import ports
from edge_operator.identity.acl import DEVICE_PATTERNS, access_rules
from edge_wire.messages import MAX_PAYLOAD_BYTES

MESSAGE_OVERHEAD_BYTES = 500
"""Memory that Mosquitto needs for a queued message in addition to its payload (measured: 497)."""

MAX_HEADER_BYTES = 4 * 1024
"""For topic and properties: Mosquitto limits the whole packet."""

MAX_LIMIT = 2**31 - 1
"""Maximum number of messages or bytes: Mosquitto reads its limits as 32-bit integers."""

MIN_MESSAGES = 1000
"""Mosquitto's own default; never below it, however small the pod."""

AUTOSAVE_SECONDS = 10
"""Time between two saves of sessions, queues and retained messages: kill -9 loses at most the last 12 s.

Mosquitto rewrites the whole file each time, and serves no client meanwhile. Measured at 1,000 messages per second with
100,000 queued messages, more than a session may queue by default: 2,414 bytes are written per message, the longest wait
is 0.3 s, and one save takes 50 ms of CPU time, of which the pod may use 100 ms each second. 1 s would need a
quarter of that; 60 s would lose five times as much and write 404 bytes. With nothing queued, which is the rule while
the processor runs, it writes less than 10 bytes per message. docs/architecture.md has the other settings.
"""

_TEMPLATES = Environment(
    loader=PackageLoader("edge_operator.desired", "templates"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701  # the files are not markup
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class BrokerLayout:
    """Ports and directories of the broker: `mqtt`, `websockets`, `mqtts` and `components` are ports of listeners."""

    mqtt: int = ports.MQTT
    websockets: int = ports.MQTT_WEBSOCKETS
    mqtts: int = ports.MQTTS
    components: int = ports.MQTT_COMPONENTS
    config_dir: str = "/mosquitto/config"
    data_dir: str = "/mosquitto/data"
    log_dir: str = "/mosquitto/log"
    auth_dir: str = "/mosquitto/data/auth"
    """Logins and certificate, as the agent writes them: on the volume, so that the last ones are there at a start."""


@dataclass(frozen=True, slots=True)
class QueueLimits:
    """Limits of one session's queue: beyond them Mosquitto drops messages that it has acknowledged.

    Attributes:
        messages: `max_queued_messages`.
        payload_bytes: `max_queued_bytes`.
        inflight_bytes: `max_inflight_bytes`.
    """

    messages: int
    payload_bytes: int
    inflight_bytes: int

    @classmethod
    def within(cls, memory_limit: int) -> Self:
        """Return the limits for a pod with `memory_limit` bytes.

        A quarter for the messages, a quarter for their payloads, a sixteenth for messages in flight: one session can
        fill that. The rest is for connections (about 6 KiB each), retained messages and the other sessions, which
        share the payloads.
        """
        quarter = memory_limit // 4
        return cls(
            messages=min(max(quarter // MESSAGE_OVERHEAD_BYTES, MIN_MESSAGES), MAX_LIMIT),
            payload_bytes=min(max(quarter, MAX_PAYLOAD_BYTES), MAX_LIMIT),
            inflight_bytes=min(max(memory_limit // 16, MAX_PAYLOAD_BYTES), MAX_LIMIT),
        )


def mosquitto_conf(layout: BrokerLayout, limits: QueueLimits) -> str:
    """Return mosquitto.conf."""
    return _TEMPLATES.get_template("mosquitto.conf.j2").render(
        layout=layout,
        limits=limits,
        autosave_seconds=AUTOSAVE_SECONDS,
        max_packet_size=MAX_PAYLOAD_BYTES + MAX_HEADER_BYTES,
    )


def access_file(clients: Iterable[BrokerClient]) -> str:
    """Return the file of access rules.

    Raises:
        ValueError: a client's name or topic is not valid in the file.
    """
    return _TEMPLATES.get_template("acl.j2").render(patterns=DEVICE_PATTERNS, users=access_rules(clients))
