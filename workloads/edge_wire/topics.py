"""The MQTT topics of a site, for publishers: functions of their variable level. See `edge_wire.topic_table`."""

from edge_wire import topic_table
from edge_wire.topic import ANY

__all__ = [
    "ACTIVITY",
    "ACTIVITY_MARKER",
    "ACTIVITY_REQUEST",
    "ANY",
    "BROKER_BOOT",
    "ROSTER_END",
    "alerts",
    "component_status",
    "device_command",
    "device_command_ack",
    "device_data",
    "device_status",
    "roster",
    "sensors",
]

device_data = topic_table.DEVICE_DATA.of
device_status = topic_table.DEVICE_STATUS.of
device_command = topic_table.DEVICE_COMMAND.of
device_command_ack = topic_table.DEVICE_COMMAND_ACK.of
sensors = topic_table.SENSORS.of
alerts = topic_table.ALERTS.of
component_status = topic_table.COMPONENT_STATUS.of
roster = topic_table.ROSTER.of

ACTIVITY = topic_table.ACTIVITY.pattern
ACTIVITY_REQUEST = topic_table.ACTIVITY_REQUEST.pattern
ACTIVITY_MARKER = topic_table.ACTIVITY_MARKER.pattern
BROKER_BOOT = topic_table.BROKER_BOOT.pattern
ROSTER_END = topic_table.ROSTER_END.pattern
