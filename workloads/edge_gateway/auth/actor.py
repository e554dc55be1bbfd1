"""The senders of commands."""

from enum import StrEnum


class Actor(StrEnum):
    """The sender of a command, as the audit lines and the metrics name it."""

    API_TOKEN = "api-token"  # noqa: S105  # a name
    CLOUD = "cloud"
