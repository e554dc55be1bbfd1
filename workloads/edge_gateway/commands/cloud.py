"""Commands of the cloud: sent once for each id, however often they are requested."""

from http import HTTPStatus

from edge_gateway.auth.actor import Actor
from edge_gateway.commands.audit import CommandAudit
from edge_gateway.commands.record import CommandRecord, is_same_request
from edge_gateway.commands.repository import CommandRepository
from edge_gateway.commands.request import parse_cloud_command
from edge_gateway.commands.service import SENDING, Commands, Now
from edge_service.problem import ProblemError, refuse
from edge_wire.store import OPEN_STATES, CommandState


class CloudCommands:
    """Sends the commands of the cloud, which has assigned their ids.

    A request with an id that the store has returns the state of that command and sends nothing. There is one exception:
    the replica that was to send the command ended before. Then the command is sent again with the same id.

    Args:
        commands: sends them.
        repository: keeps them.
        audit: logs and counts them.
        now: the time (aware).
    """

    def __init__(self, commands: Commands, repository: CommandRepository, audit: CommandAudit, now: Now) -> None:
        self._commands = commands
        self._repository = repository
        self._audit = audit
        self._now = now

    async def send(self, device_id: str, body: bytes) -> CommandRecord:
        """Send the command of a request unless that was done before; return it with its state.

        Raises:
            ProblemError: the body is not a command, its id belongs to another command, or the store or the broker is
                unavailable.
        """
        now = self._now()
        command = parse_cloud_command(body, now)
        wanted = CommandRecord(device_id, command, now, actor=Actor.CLOUD)
        found = await self._repository.get(device_id, command.command_id)
        if found is None:
            if wanted.state_at(now) is CommandState.EXPIRED:
                wanted = wanted.expired()
            else:
                # Before it is stored: it would otherwise wait there for a replica that can send it.
                self._commands.check_connected()
            found, is_new = await self._repository.create(wanted)
            if is_new:
                return await self._begin(found)
        _check_same(found, wanted)
        if self._is_interrupted(found):
            self._commands.check_connected()
            return await self._commands.transmit(found)
        return found

    async def find(self, device_id: str, command_id: str) -> CommandRecord | None:
        """Return a command of the cloud, None if there is none.

        Raises:
            ProblemError: the store is unavailable.
        """
        record = await self._repository.get(device_id, command_id)
        return record if record is not None and record.actor is Actor.CLOUD else None

    async def _begin(self, record: CommandRecord) -> CommandRecord:
        self._audit.count(record)
        if record.state in OPEN_STATES:
            return await self._commands.transmit(record)
        self._audit.sent(record)
        return record

    def _is_interrupted(self, record: CommandRecord) -> bool:
        now = self._now()
        return (
            record.state_at(now) is CommandState.QUEUED
            and now - record.created_at > SENDING
            and not self._commands.is_sending(record)
        )


def _check_same(found: CommandRecord, wanted: CommandRecord) -> None:
    if not is_same_request(found, wanted):
        raise in_use(found)


def in_use(found: CommandRecord) -> ProblemError:
    """Return the error for an id that belongs to another command of the device."""
    command_id = found.command.command_id
    detail = f"device {found.device_id} has another command with the id {command_id}: assign a new id to each command"
    return refuse(HTTPStatus.CONFLICT, "CommandIdInUse", detail, field="command_id")
