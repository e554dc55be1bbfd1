"""What an attacker may try who has a device's login, or none."""

from edge_operator.identity import logins
from edge_operator.identity.logins import device_login
from tests.edge_operator.impersonation.town import ATTACKER, COMMAND, DATA, OWN, REVOKED, STATUS, VICTIM
from tests.support.mosquitto import ROOT

TOPICS = {
    "another's status": STATUS,
    "another's readings": DATA,
    "another's command": COMMAND,
    "an answer of another": f"{COMMAND}/ack",
    "its own command": f"{OWN}command",
    "a level that no device has": "devices/status",
    "a device without a name": "devices//status",
    "the pattern's own letters": "devices/%u/status",
    "a component's username": f"devices/{logins.GATEWAY}/status",
    "a device that nobody knows": "devices/nobody/status",
    "below its own status": f"{OWN}status/more",
    "readings for the cloud": f"cloud/sensors/{VICTIM}",
    "an alert": f"alerts/{VICTIM}",
    "who is alive": "edge/activity",
    "who is asked": "edge/activity/request",
    "the queue's mark": "edge/activity/marker",
    "a component's life": "edge/status/processor",
    "the list of devices": f"edge/roster/{VICTIM}",
    "the broker's start": "edge/broker/boot",
    "the broker's figures": "$SYS/broker/uptime",
    "the broker's control": "$CONTROL/dynamic-security/v1",
    "a shared topic": f"$share/edge/{STATUS}",
    "any other": "line/a/set",
}
"""Where a device may not publish, nor have a will."""

FILTERS = {
    "everything": "#",
    "everything, level by level": "+/+/+",
    "all devices": "devices/#",
    "all readings": "devices/+/data",
    "another's status": STATUS,
    "another's commands": COMMAND,
    "all commands": "devices/+/command",
    "its own readings": f"{OWN}data",
    "what is for the cloud": "cloud/#",
    "what components say": "edge/#",
    "the broker's figures": "$SYS/#",
    "the broker's control": "$CONTROL/#",
    "a share of all readings": "$share/edge/devices/+/data",
    "a share of everything": "$share/edge/#",
    "a share of another's commands": f"$share/edge/{COMMAND}",
    "a share named like a component": "$share/edge-processor/devices/+/data",
}
"""Topics that a device may not receive, whatever it subscribes to."""

NAMES = {
    "another device": VICTIM,
    "the processor": "edge-processor",
    "a gateway": "edge-gateway-0",
    "the operator": "edge-operator-0",
    "a username": logins.GATEWAY,
    "the pattern": "%u",
    "one level": "+",
    "all levels": "#",
    "a path": f"../{VICTIM}",
    "no name": "",
}
"""Client ids that a device may give itself."""

KNOWN = "the attacker's own"
STRANGERS: dict[str, tuple[str | None, str | None]] = {
    "nobody": (None, None),
    "an empty username": ("", KNOWN),
    "an empty username and password": ("", ""),
    "a wrong password": (VICTIM, "wrong"),
    "no password": (VICTIM, None),
    "an empty password": (VICTIM, ""),
    "another's name with its own password": (VICTIM, KNOWN),
    "a component's name": (logins.GATEWAY, KNOWN),
    "the operator's name": (logins.OPERATOR, KNOWN),
    "the agent's proof": ("~mqtt.reload", KNOWN),
    "a client's name": ("~scada", KNOWN),
    "its own name with a tilde": (f"~{ATTACKER}", KNOWN),
    "the tilde alone": ("~", KNOWN),
    "the pattern": ("%u", KNOWN),
    "the pattern for the client id": ("%c", KNOWN),
    "one level": ("+", KNOWN),
    "all levels": ("#", KNOWN),
    "a path to another": (f"{ATTACKER}/../{VICTIM}", KNOWN),
    "a level more": (f"{ATTACKER}/status", KNOWN),
    "a line of the password file": (f"{ATTACKER}:x", KNOWN),
    "two lines": (f"{ATTACKER}\n{VICTIM}", KNOWN),
    "another's name in capitals": (VICTIM.upper(), KNOWN),
    "a blank after the name": (f"{ATTACKER} ", KNOWN),
    "a revoked device": (REVOKED, device_login(ROOT, REVOKED, 0).password),
    "a rotation that is not in effect": (VICTIM, device_login(ROOT, VICTIM, 1).password),
}
"""Usernames and passwords that get nobody in."""
