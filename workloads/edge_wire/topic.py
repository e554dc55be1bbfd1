"""A topic of a site: its levels, its message, and who may publish and subscribe."""

import re
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

Role = Literal["device", "gateway", "processor", "storage", "operator", "mqtt", "client"]
"""`mqtt` is the broker's agent; `client` is every client that has the topic in `broker.managed.clients`."""

ANY = "+"
"""Matches all ids or components (in a topic filter, for subscriptions and ACLs)."""

_LEVEL = "[A-Za-z0-9._-]{1,64}"
_IS_LEVEL = re.compile(_LEVEL)
_VARIABLE = re.compile(r"\{(id|component)\}")


# Compared and hashed by identity, so that it is a cheap key.
@dataclass(frozen=True, slots=True, eq=False)
class Topic:
    """A topic, or one topic for each device or component.

    Attributes:
        pattern: the topic; `{id}` is the level with a device's id, `{component}` the level with a component's name.
        message: type of the payload; None if the payload is not a JSON message.
        writers: who may publish; none if Mosquitto itself publishes. If the pattern contains `{component}`, each may
            publish only on the topic with its own name.
        readers: who may subscribe.
        retained: whether its messages are retained.
        qos: of its messages.
        diagnostic: whether only people subscribe to it, with the login of a reader, to find a fault.
        within: the topic with a filter that also matches this one; its access rules and subscriptions apply to both.
        variable: `id`, `component`, or empty if the pattern has no variable level.
    """

    pattern: str
    _: KW_ONLY
    message: type[object] | None = None
    writers: tuple[Role, ...] = ()
    readers: tuple[Role, ...] = ()
    retained: bool = False
    qos: int = 1
    diagnostic: bool = False
    within: "Topic | None" = None
    variable: str = field(init=False)
    _before: str = field(init=False, repr=False)
    _after: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        before, variable, after = (*_VARIABLE.split(self.pattern), "", "")[:3]
        object.__setattr__(self, "variable", variable)
        object.__setattr__(self, "_before", before)
        object.__setattr__(self, "_after", after)

    @property
    def filter(self) -> str:
        """The topic filter for subscriptions."""
        return self.of(ANY) if self.variable else self.pattern

    @property
    def expression(self) -> str:
        """A regular expression for this topic, with one group: the variable level."""
        group = f"({_LEVEL})" if self.variable else "()"
        return f"{re.escape(self._before)}{group}{re.escape(self._after)}"

    def of(self, level: str) -> str:
        """Return the topic of a device or a component.

        Raises:
            ValueError: `level` cannot be a level of a topic, or the pattern has no variable level.
        """
        if level != ANY and not _IS_LEVEL.fullmatch(level):
            raise ValueError(f"{level!r} cannot be a level of a topic: use 1 to 64 letters, digits, '.', '_' and '-'")
        if not self.variable:
            raise ValueError(f"the topic {self.pattern} has no variable level: use its pattern")
        return f"{self._before}{level}{self._after}"

    def is_subscribed_by(self, role: Role) -> bool:
        """Return whether the program of `role` subscribes to its filter."""
        return role in self.readers and self.within is None and not self.diagnostic
