"""The ingester's MQTT session: its identity on the broker and its subscriptions."""

from collections.abc import Callable

from edge_processor.ingest import MAX_IN_FLIGHT
from edge_processor.settings import ProcessorSettings
from edge_service.mqtt import MqttOptions, Subscription, Will
from edge_wire import topic_table

CLIENT_ID = "edge-processor"
SESSION_EXPIRY_SECONDS = 7 * 24 * 3600

MAX_SENT_MESSAGES = 1000
"""Maximum number of unacknowledged messages of the ingester; the broker's receive maximum may be lower."""

SUBSCRIPTIONS = (
    # A retained reading must not be stored again on each connect. The session is durable: acknowledgements of commands
    # wait in it while no gateway runs.
    Subscription(topic_table.DEVICE_DATA.filter, replay="once"),
    Subscription(topic_table.DEVICE_COMMAND_ACK.filter, replay="once"),
    Subscription(topic_table.ACTIVITY_REQUEST.filter, replay="never"),
    Subscription(topic_table.ACTIVITY_MARKER.filter, replay="never"),
)


def session_options(settings: ProcessorSettings, will: Callable[[], Will]) -> MqttOptions:
    """Return the options of the ingester's session, which the broker keeps between two ingesters."""
    return MqttOptions(
        settings.data_source,
        CLIENT_ID,
        settings.edge_credentials_dir,
        prefix=settings.mqtt_topic_prefix,
        clean_start=False,
        session_expiry=SESSION_EXPIRY_SECONDS,
        receive_maximum=MAX_IN_FLIGHT * settings.batch_messages,
        manual_ack=True,
        inflight=MAX_SENT_MESSAGES,
        subscriptions=SUBSCRIPTIONS,
        will=will,
    )
