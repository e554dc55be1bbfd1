"""CONNECT and SUBSCRIBE of a connection, and what the broker's answers to them mean."""

from edge_mqtt5 import FIRST_FAILURE, ConnAck, Connect, Filter, SubAck, WillMessage, reason_name, subscribe
from edge_service.mqtt import ConnectError, ConnectRefusedError, Login, MqttOptions
from edge_service.mqtt.options import RETAIN_HANDLING


def connect_packet(options: MqttOptions, login: Login, max_packet_bytes: int) -> bytes:
    """Return the CONNECT of a session; `max_packet_bytes` is the largest packet that this client accepts.

    Raises:
        ConnectError: a field is too long.
    """
    will = options.will()
    connect = Connect(
        options.full_client_id,
        clean_start=options.clean_start,
        session_expiry=options.session_expiry,
        receive_maximum=options.receive_maximum,
        max_packet_bytes=max_packet_bytes,
        keepalive=options.keepalive,
        username=login.username,
        password=login.password,
        will=None
        if will is None
        else WillMessage(f"{options.prefix}{will.topic}", will.payload, will.qos, will.retain),
    )
    try:
        return connect.encode()
    except ValueError as error:
        raise ConnectError(f"the login or the will of {options.client_id} cannot be sent: {error}") from error


def subscribe_packet(options: MqttOptions, packet_id: int) -> bytes:
    """Return the SUBSCRIBE of a session."""
    filters = [
        Filter(f"{options.prefix}{each.topic}", each.qos, RETAIN_HANDLING[each.replay])
        for each in options.subscriptions
    ]
    return subscribe(packet_id, filters)


def check_accepted(options: MqttOptions, answer: ConnAck) -> None:
    """Check the answer to CONNECT.

    Raises:
        ConnectRefusedError: the broker refuses the client, or accepts messages with QoS 0 only.
    """
    if answer.reason >= FIRST_FAILURE:
        message = f"{options.broker} refuses the client {options.client_id}: {reason_name(answer.reason)}"
        raise ConnectRefusedError(message, answer.reason)
    if answer.maximum_qos < 1:
        raise ConnectRefusedError(f"{options.broker} accepts messages with QoS 0 only: set its maximum QoS to 1 or 2")


def check_subscribed(options: MqttOptions, answer: SubAck) -> None:
    """Check the answer to SUBSCRIBE.

    Raises:
        ConnectRefusedError: the broker refuses a subscription that is not optional.
    """
    answers = zip(options.subscriptions, answer.reasons, strict=False)
    refused = [
        f"{each.topic} ({reason_name(why)})" for each, why in answers if why >= FIRST_FAILURE and not each.optional
    ]
    if refused:
        raise ConnectRefusedError(
            f"{options.broker} refuses {options.client_id} the subscription to {', '.join(refused)}"
        )
