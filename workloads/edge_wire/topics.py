"""The MQTT topics of a site, as functions of their variable levels."""

import re

ANY = "+"
"""Matches all ids or components (in a topic filter, for subscriptions and ACLs)."""

ACTIVITY = "edge/activity"
"""Digests of which devices sent messages."""

ACTIVITY_REQUEST = "edge/activity/request"
"""Requests the last arrival time of every device."""

ACTIVITY_MARKER = "edge/activity/marker"
"""From the processor to itself, through the queue of the readings: measures its lag."""

BROKER_BOOT = "edge/broker/boot"
"""Retained: an id that is new for each start of the broker."""

ROSTER_END = "edge/roster/~end"
"""From the operator to itself, after all retained roster entries. No device can have this id."""

BROKER_UPTIME = "$SYS/broker/uptime"
"""Mosquitto's uptime, such as `42 seconds`; retained, refreshed every 10 s, and not kept over a restart."""

BROKER_DROPPED = "$SYS/broker/publish/messages/dropped"
"""Number of messages that Mosquitto has dropped since its start because a queue was full; retained likewise."""

_ID = "[A-Za-z0-9._-]{1,64}"
_LEVEL = re.compile(_ID)
_OF_DEVICE = re.compile(f"(?:devices/({_ID})/.+|(?:cloud/sensors|alerts|edge/roster)/({_ID}))")


def device_data(device_id: str) -> str:
    """Return the topic of a device's readings."""
    return f"devices/{_level(device_id)}/data"


def device_status(device_id: str) -> str:
    """Return the topic of a device's retained status, which is also the topic of its will."""
    return f"devices/{_level(device_id)}/status"


def device_command(device_id: str) -> str:
    """Return the topic of commands to a device."""
    return f"devices/{_level(device_id)}/command"


def device_command_ack(device_id: str) -> str:
    """Return the topic of a device's command acknowledgements."""
    return f"devices/{_level(device_id)}/command/ack"


def sensors(device_id: str) -> str:
    """Return the topic of a device's processed readings."""
    return f"cloud/sensors/{_level(device_id)}"


def alerts(device_id: str) -> str:
    """Return the topic of the alerts of a device."""
    return f"alerts/{_level(device_id)}"


def component_status(component: str) -> str:
    """Return the topic of a component's retained status."""
    return f"edge/status/{_level(component)}"


def roster(device_id: str) -> str:
    """Return the topic of a device's retained roster entry."""
    return f"edge/roster/{_level(device_id)}"


def device_of(topic: str) -> str:
    """Return the device id in `topic`.

    Raises:
        ValueError: it contains none.
    """
    found = _OF_DEVICE.fullmatch(topic)
    if not found:
        raise ValueError(f"the topic {topic!r} has no device id: expected a topic such as devices/pump-1/data")
    return found[1] or found[2]


def _level(text: str) -> str:
    if text != ANY and not _LEVEL.fullmatch(text):
        raise ValueError(f"{text!r} cannot be a level of a topic: use 1 to 64 letters, digits, '.', '_' and '-'")
    return text
