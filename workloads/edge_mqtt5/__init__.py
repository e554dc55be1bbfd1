"""An MQTT 5 client codec without I/O, for sessions with thousands of messages a second."""

from edge_mqtt5.answers import Answer, ConnAck, Disconnect, PingResp, PubComp, PubRec, SubAck
from edge_mqtt5.decoder import DUP_FLAG, MAX_PACKET_BYTES, QOS_FLAGS, RETAIN_FLAG, Decoder, Packets, Publish
from edge_mqtt5.encode import (
    PINGREQ,
    Connect,
    Filter,
    WillMessage,
    disconnect,
    pubacks,
    publish_head,
    pubrel,
    subscribe,
)
from edge_mqtt5.errors import FIRST_FAILURE, RECEIVE_MAXIMUM_EXCEEDED, ProtocolError, reason_name
from edge_mqtt5.keepalive import Due, Keepalive
from edge_mqtt5.outbound import MAX_PACKET_ID, Bulk, Single
from edge_mqtt5.outgoing import Outgoing

__all__ = [
    "DUP_FLAG",
    "FIRST_FAILURE",
    "MAX_PACKET_BYTES",
    "MAX_PACKET_ID",
    "PINGREQ",
    "QOS_FLAGS",
    "RECEIVE_MAXIMUM_EXCEEDED",
    "RETAIN_FLAG",
    "Answer",
    "Bulk",
    "ConnAck",
    "Connect",
    "Decoder",
    "Disconnect",
    "Due",
    "Filter",
    "Keepalive",
    "Outgoing",
    "Packets",
    "PingResp",
    "ProtocolError",
    "PubComp",
    "PubRec",
    "Publish",
    "Single",
    "SubAck",
    "WillMessage",
    "disconnect",
    "pubacks",
    "publish_head",
    "pubrel",
    "reason_name",
    "subscribe",
]
