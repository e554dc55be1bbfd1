"""The brokers of a Kafka cluster, from OUTPUT_SINK or KAFKA_BROKER. Pure."""

import re
from urllib.parse import urlsplit

DEFAULT_PORT = 9092
MAX_PORT = 65535

_BROKER = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_SINK_EXAMPLE = "OUTPUT_SINK must be like kafka://broker-1:9092,broker-2:9092"
_BROKER_EXAMPLE = "KAFKA_BROKER must be like broker-1:9092,broker-2:9092"


def kafka_brokers(output_sink: str | None, kafka_broker: str | None) -> str:
    """Return the brokers as `host:port,host:port`, from OUTPUT_SINK, else from KAFKA_BROKER.

    Raises:
        ValueError: it is not a list of brokers; the message shows a valid one and never contains a password.
    """
    if output_sink is None:
        return _brokers((kafka_broker or "").strip(), _BROKER_EXAMPLE)
    parts = urlsplit(output_sink.strip())
    if parts.scheme != "kafka":
        raise ValueError(f"{_SINK_EXAMPLE}: kafka:// is the only supported sink")
    if "@" in parts.netloc:
        raise ValueError(f"{_SINK_EXAMPLE}: username and password come from KAFKA_CREDENTIALS_DIR")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{_SINK_EXAMPLE}: nothing may follow the brokers; the topic comes from KAFKA_TOPIC")
    return _brokers(parts.netloc, _SINK_EXAMPLE)


def _brokers(text: str, example: str) -> str:
    if not text:
        raise ValueError(f"{example}: it names no broker")
    return ",".join(_broker(each.strip(), example) for each in text.split(","))


def _broker(text: str, example: str) -> str:
    if "@" in text:
        raise ValueError(f"{example}: username and password come from KAFKA_CREDENTIALS_DIR")
    found = _BROKER.fullmatch(text)
    if found is None:
        raise ValueError(f"{example}: {text!r} is not host:port")
    port = int(found["port"] or DEFAULT_PORT)
    if not 0 < port <= MAX_PORT:
        raise ValueError(f"{example}: a port is from 1 to {MAX_PORT}")
    return f"{found['host']}:{port}"
