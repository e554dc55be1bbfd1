"""Logs of the operator: each line contains the name of the resource that it concerns."""

import logging

from edge_logs import OBJECT, JsonFormatter, send_to_stderr


class OperatorFormatter(JsonFormatter):
    """Names the object of Kopf's own log lines as well."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line for `record`, without its line end."""
        reference = getattr(record, "k8s_ref", None)
        if reference and not getattr(record, OBJECT, None):
            setattr(record, OBJECT, f"{reference.get('kind')} {reference.get('namespace')}/{reference.get('name')}")
        return super().format(record)


def about(kind: str, namespace: str, name: str) -> dict[str, str]:
    """Return the `extra=` of a log call about one object."""
    return {OBJECT: f"{kind} {namespace}/{name}"}


def configure(level: str) -> None:
    """Send every log of the process to stderr as JSON, from `level` (such as `INFO`) upwards."""
    send_to_stderr(level, OperatorFormatter())
    # Kopf logs each failed attempt of each watch as an error, although it retries.
    logging.getLogger("kopf.objects").setLevel(logging.WARNING)
    # It logs each attempt to connect to each site's broker; the operator logs the changes of the state.
    logging.getLogger("edge_service.mqtt.session").setLevel(logging.ERROR)
    # It warns that it does not handle signals, which is intended.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)
