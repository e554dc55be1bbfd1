"""Commands that the cloud sends to devices over the outgoing connection of the site."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import urlsplit

from edge_processor.cloud_commands.gateway_client import GatewayClient
from edge_processor.cloud_commands.runner import CloudCommands
from edge_processor.cloud_commands.source import CommandSource
from edge_processor.cloud_commands.supervised import SupervisedCommands
from edge_processor.metrics import ProcessorMetrics
from edge_processor.settings import ProcessorSettings

__all__ = ["SupervisedCommands", "build_cloud_commands"]


def build_cloud_commands(settings: ProcessorSettings, metrics: ProcessorMetrics) -> Sequence[SupervisedCommands]:
    """Return what handles the commands of the cloud; nothing if the cloud may not send commands.

    Settings that cannot be used are logged when it runs: they must not keep the ingester from storing readings.
    """
    if not settings.cloud_commands:
        return ()
    return (SupervisedCommands(partial(_connect, settings, metrics)),)


def _connect(settings: ProcessorSettings, metrics: ProcessorMetrics) -> CloudCommands:
    """Return what handles the commands.

    Raises:
        ValueError: a setting is missing or wrong; the message names it.
    """
    if settings.cloud_endpoint is None or settings.gateway_url is None or settings.gateway_token_file is None:
        raise ValueError("CLOUD_COMMANDS: needs CLOUD_ENDPOINT, GATEWAY_URL and GATEWAY_TOKEN_FILE")
    source = _source(settings, settings.cloud_endpoint, metrics)
    return CloudCommands(source, GatewayClient(settings.gateway_url, settings.gateway_token_file), metrics)


def _source(settings: ProcessorSettings, endpoint: str, metrics: ProcessorMetrics) -> CommandSource:
    """Return the way to the cloud. Its modules are imported here: a processor without a cloud saves their memory."""
    directory, interval = settings.cloud_credentials_dir, settings.sync_interval
    scheme = urlsplit(endpoint).scheme.lower()
    if scheme == "https":
        from edge_processor.cloud_commands.https import HttpsSource  # noqa: PLC0415
        from edge_processor.sinks.http.endpoint import endpoint_of  # noqa: PLC0415
        from edge_processor.sinks.http.session import HttpSession  # noqa: PLC0415

        session = HttpSession(endpoint_of("CLOUD_ENDPOINT", endpoint, directory))
        return HttpsSource(session, f"{settings.edge_namespace}/{settings.edge_site}", interval, metrics)
    if scheme == "mqtts":
        from edge_processor.cloud_commands.mqtt import MqttSource  # noqa: PLC0415

        client_id = f"{settings.edge_namespace}.{settings.edge_site}.commands"
        return MqttSource(endpoint, directory, client_id, interval, metrics)
    raise ValueError("CLOUD_ENDPOINT: must begin with https:// or mqtts://")
