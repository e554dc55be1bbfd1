"""All topics of a site. Topic functions, access rules and dispatchers are derived from these rows.

Subscriptions and the table in docs/topics.md are checked against them.
"""

from edge_wire.messages import (
    Activity,
    Alert,
    ApiTokenList,
    Command,
    CommandAck,
    ComponentStatus,
    DeviceStatus,
    Reading,
    RosterEntry,
)
from edge_wire.topic import Topic

DEVICE_DATA = Topic("devices/{id}/data", message=Reading, writers=("device",), readers=("processor",))
"""Readings of a device."""

# The operator clears the status of a deleted device.
DEVICE_STATUS = Topic(
    "devices/{id}/status",
    message=DeviceStatus,
    writers=("device", "gateway", "operator"),
    readers=("operator", "gateway"),
    retained=True,
)
"""Status of a device, which is also its will."""

DEVICE_COMMAND = Topic("devices/{id}/command", message=Command, writers=("gateway",), readers=("device",))
"""Commands to a device."""

# Only the ingester's session is durable.
DEVICE_COMMAND_ACK = Topic(
    "devices/{id}/command/ack", message=CommandAck, writers=("device",), readers=("gateway", "processor")
)
"""Acknowledgements of commands."""

SENSORS = Topic("cloud/sensors/{id}", message=Reading, writers=("processor",), readers=("client",))
"""Processed readings of a device."""

ALERTS = Topic("alerts/{id}", message=Alert, writers=("processor",), readers=("client",), qos=2)
"""Alerts of a device."""

ACTIVITY = Topic("edge/activity", message=Activity, writers=("processor", "gateway"), readers=("operator", "gateway"))
"""Digests of which devices sent messages."""

ACTIVITY_REQUEST = Topic("edge/activity/request", writers=("operator", "gateway"), readers=("processor",))
"""Requests the last arrival time of every device."""

ACTIVITY_MARKER = Topic("edge/activity/marker", writers=("processor",), readers=("processor",))
"""From the processor to itself, through the queue of the readings: measures its lag."""

COMPONENT_STATUS = Topic(
    "edge/status/{component}",
    message=ComponentStatus,
    writers=("gateway", "processor", "storage", "mqtt"),
    readers=("operator", "gateway"),
    retained=True,
)
"""Status of a component, which is also its will."""

# The operator compares the entries that the broker holds with the EdgeDevices.
ROSTER = Topic(
    "edge/roster/{id}",
    message=RosterEntry,
    writers=("operator",),
    readers=("gateway", "operator"),
    retained=True,
)
"""Roster entry of a device."""

ROSTER_END = Topic("edge/roster/~end", writers=("operator",), readers=("operator",), within=ROSTER)
"""From the operator to itself, after all retained roster entries. No device can have this id."""

API_TOKENS = Topic("edge/api-tokens", message=ApiTokenList, writers=("operator",), readers=("gateway",), retained=True)
"""The API tokens that the gateway accepts, as digests."""

BROKER_BOOT = Topic("edge/broker/boot", writers=("mqtt",), readers=("operator", "gateway"), retained=True)
"""An id that is new for each start of the broker."""

BROKER_VERSION = Topic("$SYS/broker/version", readers=("operator",), retained=True, diagnostic=True)
"""Mosquitto's version."""

BROKER_UPTIME = Topic("$SYS/broker/uptime", readers=("operator", "gateway"), retained=True)
"""Mosquitto's uptime, such as `42 seconds`; refreshed every 10 s, and not kept over a restart."""

BROKER_CONNECTIONS = Topic("$SYS/broker/clients/connected", readers=("operator",), retained=True, diagnostic=True)
"""Number of connected clients."""

BROKER_HEAP = Topic("$SYS/broker/heap/current", readers=("operator",), retained=True, diagnostic=True)
"""Mosquitto's memory, in bytes."""

BROKER_STORE = Topic("$SYS/broker/store/messages/bytes", readers=("operator",), retained=True, diagnostic=True)
"""Payloads of the messages that Mosquitto holds, in bytes."""

BROKER_DROPPED = Topic("$SYS/broker/publish/messages/dropped", readers=("operator",), retained=True)
"""Number of messages that Mosquitto has dropped since its start because a queue was full."""

# Not listed by hand: a row cannot be forgotten.
TABLE: tuple[Topic, ...] = tuple(each for each in tuple(globals().values()) if isinstance(each, Topic))
"""All topics, in the order of the access rules."""
