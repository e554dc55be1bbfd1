"""The cloud as a destination of readings and alerts: by HTTPS, or by MQTT over TLS."""

from typing import Protocol
from urllib.parse import urlsplit

from edge_processor.delivery.destination import AlertDestination, Destination
from edge_processor.settings import ProcessorSettings


class CloudDestination(Destination, AlertDestination, Protocol):
    """The cloud; one `run` is enough for its readings and its alerts."""


def cloud_destination(settings: ProcessorSettings, log_id: str) -> CloudDestination:
    """Return the destination of CLOUD_ENDPOINT.

    The clients are imported here: a processor without a cloud does not need their memory.

    Args:
        settings: of the processor.
        log_id: of the store's database; with it, an offset names one reading of the site forever.

    Raises:
        ValueError: CLOUD_ENDPOINT is not an address of a cloud; the message shows valid ones.
    """
    scheme = urlsplit(settings.cloud_endpoint or "").scheme.lower()
    if scheme == "https":
        from edge_processor.sinks.cloud.https import https_cloud  # noqa: PLC0415

        return https_cloud(settings, log_id)
    if scheme == "mqtts":
        from edge_processor.sinks.cloud.mqtt import mqtt_cloud  # noqa: PLC0415

        return mqtt_cloud(settings, log_id)
    raise ValueError(
        "CLOUD_ENDPOINT must be an address such as https://ingest.example.com/edge or mqtts://broker.example.com:8883"
    )


__all__ = ["CloudDestination", "cloud_destination"]
