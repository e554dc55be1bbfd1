"""The MQTT topics of a site, as functions of what stands in them."""

import re

ANY = "+"
"""In place of an id or a component: all of them (a topic filter, for subscriptions and access rules)."""

ACTIVITY = "edge/activity"
"""Digests of which devices were heard."""

ACTIVITY_REQUEST = "edge/activity/request"
"""Asks for the last arrival time of every device."""

ACTIVITY_MARKER = "edge/activity/marker"
"""From the processor to itself, through the queue of the readings: measures how long that is."""

BROKER_BOOT = "edge/broker/boot"
"""Retained: a new id for each start of the broker."""

ROSTER_END = "edge/roster/~end"
"""From the operator to itself, behind all of the roster that the broker has retained. No device can have this id."""

BROKER_UPTIME = "$SYS/broker/uptime"
"""Retained by Mosquitto itself, not over its end: for how long it has run, as `42 seconds`; refreshed every 10 s."""

BROKER_DROPPED = "$SYS/broker/publish/messages/dropped"
"""The same: how many messages it has dropped since its start because a queue was full."""

_ID = "[A-Za-z0-9._-]{1,64}"
_LEVEL = re.compile(_ID)
_OF_DEVICE = re.compile(f"(?:devices/({_ID})/.+|(?:cloud/sensors|alerts|edge/roster)/({_ID}))")


def device_data(device_id: str) -> str:
    """Return the topic of a device's readings."""
    return f"devices/{_level(device_id)}/data"


def device_status(device_id: str) -> str:
    """Return the topic of a device's status; retained, also its will."""
    return f"devices/{_level(device_id)}/status"


def device_command(device_id: str) -> str:
    """Return the topic of commands to a device."""
    return f"devices/{_level(device_id)}/command"


def device_command_ack(device_id: str) -> str:
    """Return the topic of a device's answers to commands."""
    return f"devices/{_level(device_id)}/command/ack"


def sensors(device_id: str) -> str:
    """Return the topic of a device's processed readings."""
    return f"cloud/sensors/{_level(device_id)}"


def alerts(device_id: str) -> str:
    """Return the topic of the alerts that a device's readings raise."""
    return f"alerts/{_level(device_id)}"


def component_status(component: str) -> str:
    """Return the topic of a component's own status; retained."""
    return f"edge/status/{_level(component)}"


def roster(device_id: str) -> str:
    """Return the topic of what the gateway must know of a device; retained."""
    return f"edge/roster/{_level(device_id)}"


def device_of(topic: str) -> str:
    """Return the id of the device that `topic` is about.

    Raises:
        ValueError: It is about no device.
    """
    found = _OF_DEVICE.fullmatch(topic)
    if not found:
        raise ValueError(f"the topic {topic!r} has no device id: expected a topic such as devices/pump-1/data")
    return found[1] or found[2]


def _level(text: str) -> str:
    if text != ANY and not _LEVEL.fullmatch(text):
        raise ValueError(f"{text!r} cannot be a level of a topic: use 1 to 64 letters, digits, '.', '_' and '-'")
    return text
