"""Probes of the containers."""

from edge_operator.desired.inputs import Manifest

TIMEOUT_SECONDS = 3


def http_probes() -> Manifest:
    """Return the probes of the site's own programs."""
    return _probes(
        {"httpGet": {"path": "/health", "port": "http"}},
        {"httpGet": {"path": "/ready", "port": "http"}},
    )


def tcp_probes(port: str) -> Manifest:
    """Return the probes of a program that is healthy if its named port accepts connections."""
    return _probes({"tcpSocket": {"port": port}}, {"tcpSocket": {"port": port}})


def _probes(liveness: Manifest, readiness: Manifest) -> Manifest:
    return {
        "livenessProbe": liveness | _timing(initial_delay=30, period=10),
        "readinessProbe": readiness | _timing(initial_delay=5, period=5),
    }


def _timing(*, initial_delay: int, period: int) -> Manifest:
    return {
        "initialDelaySeconds": initial_delay,
        "periodSeconds": period,
        "timeoutSeconds": TIMEOUT_SECONDS,
        "failureThreshold": 3,
    }
