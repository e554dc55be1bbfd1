"""Access rules of the managed broker: who may read and write which topic; nothing else is granted."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from edge_operator.api.broker import BrokerClient
from edge_operator.identity import logins
from edge_wire import topics

Access = Literal["read", "write", "readwrite", "deny"]

DEVICE_LEVEL = "%u"
"""In a pattern Mosquitto puts the username there, which is the device's id."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the access file: an access to a topic filter."""

    access: Access
    topic: str


@dataclass(frozen=True, slots=True)
class UserRules:
    """The rules of one username."""

    username: str
    rules: tuple[Rule, ...]


DEVICE_PATTERNS = (
    Rule("write", f"devices/{DEVICE_LEVEL}/data"),
    Rule("write", f"devices/{DEVICE_LEVEL}/status"),
    Rule("write", f"devices/{DEVICE_LEVEL}/command/ack"),
    Rule("read", f"devices/{DEVICE_LEVEL}/command"),
)

_GATEWAY = (
    Rule("readwrite", topics.device_status(topics.ANY)),
    Rule("write", topics.device_command(topics.ANY)),
    Rule("read", topics.device_command_ack(topics.ANY)),
    Rule("write", topics.sensors(topics.ANY)),
    Rule("readwrite", topics.ACTIVITY),
    Rule("write", topics.ACTIVITY_REQUEST),
    Rule("read", topics.component_status(topics.ANY)),
    Rule("write", topics.component_status("gateway")),
    Rule("read", topics.roster(topics.ANY)),
    Rule("read", topics.BROKER_BOOT),
    Rule("read", topics.BROKER_UPTIME),
)
_PROCESSOR = (
    Rule("read", topics.device_data(topics.ANY)),
    Rule("write", topics.sensors(topics.ANY)),
    Rule("write", topics.alerts(topics.ANY)),
    Rule("write", topics.ACTIVITY),
    Rule("read", topics.ACTIVITY_REQUEST),
    Rule("readwrite", topics.ACTIVITY_MARKER),
    Rule("write", topics.component_status("processor")),
)
_STORAGE = (Rule("write", topics.component_status("storage")),)
# The agent logs in with it once to see that a reload has come about.
_PROOF_OF_RELOAD = "~mqtt.reload"
_BROKER_AGENT = (
    Rule("write", topics.BROKER_BOOT),
    Rule("write", topics.component_status("mqtt")),
)
# The operator also clears what a deleted device left behind, hence it may write what it reads.
_OPERATOR = (
    Rule("readwrite", topics.device_status(topics.ANY)),
    Rule("read", topics.ACTIVITY),
    Rule("write", topics.ACTIVITY_REQUEST),
    Rule("read", topics.component_status(topics.ANY)),
    Rule("readwrite", topics.roster(topics.ANY)),
    Rule("read", topics.BROKER_BOOT),
    Rule("read", "$SYS/broker/version"),
    Rule("read", topics.BROKER_UPTIME),
    Rule("read", "$SYS/broker/clients/connected"),
    Rule("read", "$SYS/broker/heap/current"),
    Rule("read", "$SYS/broker/store/messages/bytes"),
    Rule("read", topics.BROKER_DROPPED),
)
_COMPONENTS = (
    UserRules(logins.GATEWAY, _GATEWAY),
    UserRules(logins.PROCESSOR, _PROCESSOR),
    UserRules(logins.STORAGE, _STORAGE),
    UserRules(logins.OPERATOR, _OPERATOR),
    UserRules(logins.BROKER_AGENT, _BROKER_AGENT),
    UserRules(_PROOF_OF_RELOAD, ()),
)

# As the CRD says it; said again because one bad line here would be a hole, or end the broker.
_FIRST_LEVEL = re.compile(r"[^$+#][^+#]*")
_LEVEL = re.compile(r"[+]|[^+#]*")
_BLANK_OR_CONTROL = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp", "Zs"})


def access_rules(clients: Iterable[BrokerClient]) -> tuple[UserRules, ...]:
    """Return the rules of every component and of `clients`.

    Each is denied the topics that the devices' patterns would give to a device of its name.

    Raises:
        ValueError: a client's name or topic filter could not stand in the file, or is not for clients.
    """
    users = (*_COMPONENTS, *(_client_rules(client) for client in clients))
    return tuple(UserRules(user.username, (_no_device(user.username), *user.rules)) for user in users)


def _no_device(username: str) -> Rule:
    return Rule("deny", f"devices/{username}/#")


def _client_rules(client: BrokerClient) -> UserRules:
    where = f"broker.managed.clients[{client.name}]"
    if not re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", client.name):
        raise ValueError(f"{where}: the name must be of lower case letters, digits and '-'")
    read = (Rule("read", _checked(topic, f"{where}.subscribe")) for topic in client.subscribe or ())
    write = (Rule("write", _checked(topic, f"{where}.publish")) for topic in client.publish or ())
    return UserRules(logins.client_username(client.name), (*read, *write))


def _checked(topic: str, where: str) -> str:
    first, *rest = topic.removesuffix("/#").split("/")
    plain = all(unicodedata.category(each) not in _BLANK_OR_CONTROL for each in topic)
    if not (plain and _FIRST_LEVEL.fullmatch(first) and all(_LEVEL.fullmatch(level) for level in rest)):
        raise ValueError(
            f"{where}: {topic!r} must be a topic filter without blanks with a first level that is not a wildcard, and"
            " must not begin with $"
        )
    if first == "edge":
        raise ValueError(f"{where}: {topic!r} is for the site's own components; topics below edge/ are reserved")
    return topic
