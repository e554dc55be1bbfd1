"""Messages about the broker itself: boot id, lost data, uptime, number of dropped messages."""

import datetime as dt
from dataclasses import dataclass
from typing import Any, Self

from edge_wire.messages.document import dump, load
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.timestamps import format_timestamp, parse_timestamp

_UNIT = b"seconds"
_MAX_DIGITS = 12
_MAX_TEXT_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class DataLost:
    """Data that the broker lost because its database was damaged. Its times are in UTC.

    Attributes:
        reason: what was wrong with the database.
        found: time at which it was found.
        since: time of the database's last save; None if that is not known.
        kept: name of the file in which the damaged database is kept; empty if there is none.
    """

    reason: str
    found: dt.datetime
    since: dt.datetime | None = None
    kept: str = ""

    @classmethod
    def from_fields(cls, fields: Any) -> Self | None:
        """Return the loss in a JSON value; None if there is none, or it has another format."""
        found = parse_timestamp(fields.get("found")) if isinstance(fields, dict) else None
        if found is None:
            return None
        reason, kept = (str(fields.get(name) or "")[:_MAX_TEXT_CHARACTERS] for name in ("reason", "kept"))
        return cls(reason, found, parse_timestamp(fields.get("since")), kept)

    def to_fields(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        fields = {"reason": self.reason, "found": format_timestamp(self.found), "kept": self.kept}
        return fields | ({} if self.since is None else {"since": format_timestamp(self.since)})


@dataclass(frozen=True, slots=True)
class BrokerBoot:
    """The payload of `edge/broker/boot`.

    Attributes:
        boot: the boot id, which is unique for each start of the broker.
        data_lost: data that the broker lost lately; None if it lost none.
    """

    boot: str
    data_lost: DataLost | None = None

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return what is in `payload`; text without a JSON object is a boot id.

        Raises:
            MalformedError: it is not UTF-8.
        """
        try:
            text = payload.decode()
        except UnicodeDecodeError as error:
            raise MalformedError("utf8", f"the broker's boot id is not UTF-8: {error}") from error
        try:
            fields = load(payload)
        except MalformedError:
            return cls(text)
        if not isinstance(fields, dict) or not isinstance(fields.get("boot"), str):
            return cls(text)
        return cls(fields["boot"], DataLost.from_fields(fields.get("data_lost")))

    def encode(self) -> bytes:
        """Return the payload."""
        return dump({"boot": self.boot} | ({"data_lost": self.data_lost.to_fields()} if self.data_lost else {}))


def parse_boot(payload: bytes) -> str:
    """Return the boot id in a payload of `edge/broker/boot`, which is unique for each start of the broker.

    Raises:
        MalformedError: it is not UTF-8.
    """
    return BrokerBoot.parse(payload).boot


def parse_uptime(payload: bytes) -> float:
    """Return the seconds in a payload of `$SYS/broker/uptime`, such as `42 seconds`.

    Raises:
        MalformedError: it has another format.
    """
    seconds, _, unit = payload.partition(b" ")
    if not (seconds.isdigit() and unit == _UNIT and len(seconds) <= _MAX_DIGITS):
        raise MalformedError("field", "the broker's uptime must be such as `42 seconds`")
    return float(seconds)


def parse_dropped(payload: bytes) -> int:
    """Return the number in a payload of `$SYS/broker/publish/messages/dropped`.

    Raises:
        MalformedError: it has another format.
    """
    if not (payload.isdigit() and len(payload) <= _MAX_DIGITS):
        raise MalformedError("field", "what the broker has dropped must be a whole number")
    return int(payload)
