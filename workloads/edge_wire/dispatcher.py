"""Finds the handler of a received message by its topic."""

import re
from collections.abc import Mapping
from typing import Generic, TypeVar

from edge_wire.topic import Topic

Handler = TypeVar("Handler")


class Dispatcher(Generic[Handler]):
    """The handlers of one receiver, by topic.

    Args:
        handlers: by topic. Put topics with many messages first: they are compared in this order.

    Attributes:
        topics: the topics that have a handler.
    """

    def __init__(self, handlers: Mapping[Topic, Handler]) -> None:
        self.topics = tuple(handlers)
        # One expression with one group for each topic: the number of the group that matched is that of the handler.
        self._handlers = dict(enumerate(handlers.values(), 1))
        self._match = re.compile("|".join(topic.expression for topic in handlers)).fullmatch

    def find(self, topic: str) -> tuple[Handler, str]:
        """Return the handler of a topic, and the id or component in the topic; empty if it has none.

        Raises:
            ValueError: the topic has no handler.
        """
        found = self._match(topic)
        if found is None or (group := found.lastindex) is None:
            known = ", ".join(each.pattern for each in self.topics)
            raise ValueError(
                f"the topic {topic!r} is not one of {known}: an id has 1 to 64 letters, digits, '.', '_' and '-'"
            )
        return self._handlers[group], found[group]
