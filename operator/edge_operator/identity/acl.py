"""Access rules of the managed broker, from the table of topics; nothing else is granted."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from edge_operator.api.broker import BrokerClient
from edge_operator.identity import logins
from edge_wire.topic import Role, Topic
from edge_wire.topic_table import COMPONENT_STATUS, TABLE

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
    *(Rule("write", topic.pattern.replace("{id}", DEVICE_LEVEL)) for topic in TABLE if "device" in topic.writers),
    *(Rule("read", topic.pattern.replace("{id}", DEVICE_LEVEL)) for topic in TABLE if "device" in topic.readers),
)

_ROLES: dict[str, Role] = {
    logins.GATEWAY: "gateway",
    logins.PROCESSOR: "processor",
    logins.STORAGE: "storage",
    logins.OPERATOR: "operator",
    logins.BROKER_AGENT: "mqtt",
}
# The agent logs in with it once to see that a reload has come about.
_PROOF_OF_RELOAD = "~mqtt.reload"


def _component_rules(role: Role) -> tuple[Rule, ...]:
    rules = [rule for topic in TABLE if topic.within is None for rule in _topic_rules(topic, role)]
    if role not in COMPONENT_STATUS.readers:
        # The order has no effect on the rights: an upgrade must not change the file, which restarts the brokers.
        rules.sort(key=lambda rule: rule.topic == COMPONENT_STATUS.of(role))
    return tuple(rules)


def _topic_rules(topic: Topic, role: Role) -> Iterator[Rule]:
    reads, writes = role in topic.readers, role in topic.writers
    if topic.variable == "component":
        if reads:
            yield Rule("read", topic.filter)
        if writes:
            yield Rule("write", topic.of(role))
    elif reads or writes:
        yield Rule("readwrite" if reads and writes else "read" if reads else "write", topic.filter)


_COMPONENTS = (
    *(UserRules(username, _component_rules(_ROLES[username])) for username in logins.COMPONENTS),
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
