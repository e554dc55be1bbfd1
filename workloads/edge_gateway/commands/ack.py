"""Parses a command acknowledgement in the body of an HTTP request. Pure."""

from collections.abc import Mapping
from typing import Any

from edge_gateway.body import malformed
from edge_wire.messages import CommandAck, MalformedError
from edge_wire.messages.document import as_object, dump, load_repaired


def parse_ack(body: bytes, command_id: str) -> CommandAck:
    """Return the acknowledgement in `body` of the command in the URL.

    Raises:
        ProblemError: it is not an acknowledgement, or names another command.
    """
    try:
        fields = as_object(load_repaired(body))
        _check(fields, command_id)
        return CommandAck.parse(dump(fields | {"command_id": command_id}))
    except MalformedError as error:
        raise malformed(error) from error


def _check(fields: Mapping[str, Any], command_id: str) -> None:
    if fields.get("command_id", command_id) != command_id:
        raise MalformedError("field", "command_id names another command than the URL")
