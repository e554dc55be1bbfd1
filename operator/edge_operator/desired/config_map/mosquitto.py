"""Renders the files that Mosquitto reads: its configuration and its access rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from jinja2 import Environment, PackageLoader, StrictUndefined

from edge_operator.api.broker import BrokerClient
from edge_operator.desired import ports
from edge_operator.identity.acl import DEVICE_PATTERNS, access_rules

MESSAGE_OVERHEAD = 500
"""Bytes that Mosquitto needs for a queued message beside its payload (measured: 497)."""

LARGEST_PAYLOAD = 256 * 1024
HEADER_ALLOWANCE = 4 * 1024
"""For topic and properties: Mosquitto counts the whole packet."""

LARGEST_INTEGER = 2**31 - 1
"""Mosquitto reads its limits as 32-bit integers."""

MIN_MESSAGES = 1000
"""Mosquitto's own default; never below it, however small the pod."""

_TEMPLATES = Environment(
    loader=PackageLoader("edge_operator.desired", "templates"),
    undefined=StrictUndefined,
    autoescape=False,  # noqa: S701  # the files are no markup
    keep_trailing_newline=True,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class BrokerLayout:
    """Where the broker listens and keeps its files."""

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
    """How much one session may have waiting before Mosquitto drops what it has acknowledged.

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

        A quarter for the messages, a quarter for their payloads, a sixteenth for what is on its way: one session can
        fill that. The rest is for connections (about 6 KiB each), retained messages and the other sessions, which
        share the payloads.
        """
        quarter = memory_limit // 4
        return cls(
            messages=min(max(quarter // MESSAGE_OVERHEAD, MIN_MESSAGES), LARGEST_INTEGER),
            payload_bytes=min(max(quarter, LARGEST_PAYLOAD), LARGEST_INTEGER),
            inflight_bytes=min(max(memory_limit // 16, LARGEST_PAYLOAD), LARGEST_INTEGER),
        )


def mosquitto_conf(layout: BrokerLayout, limits: QueueLimits) -> str:
    """Return mosquitto.conf."""
    return _TEMPLATES.get_template("mosquitto.conf.j2").render(
        layout=layout,
        limits=limits,
        max_packet_size=LARGEST_PAYLOAD + HEADER_ALLOWANCE,
    )


def access_file(clients: Iterable[BrokerClient]) -> str:
    """Return the file of access rules.

    Raises:
        ValueError: a client's name or topic could not stand in the file.
    """
    return _TEMPLATES.get_template("acl.j2").render(patterns=DEVICE_PATTERNS, users=access_rules(clients))
