"""What the link does with a packet in each of its states. Pure, but for the dice."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from tests.support.link.packets import RST, SYN, UDP, Segment, parse, reset_to_receiver, reset_to_sender, with_ports

LOSS_SHARE = 0.01
DELAY_SECONDS = 0.25
"""Delay of a packet in each direction: a round trip takes 500 ms more."""

NAMES_PORT = 53


class State(StrEnum):
    """How the link is."""

    UP = "up"
    REFUSED = "refused"
    """Each connection is reset, each new one refused."""

    BLACK_HOLE = "black hole"
    """No packet arrives, in either direction, and no error comes back."""

    HALF_OPEN = "half-open"
    """Packets arrive at the far end, and none of its answers come back."""

    LOSS = "1 % loss"
    DELAY = "500 ms delay"
    NO_NAMES = "no names"
    """The name server does not answer; connections are reset."""

    OTHER_CERTIFICATE = "other certificate"
    """Connections reach another server, with a certificate for the same name of another authority."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet that the link delivers.

    Attributes:
        content: the packet.
        is_to_far: whether it goes to the far end; else to this machine.
        after_seconds: how much later it is delivered.
    """

    content: bytes
    is_to_far: bool
    after_seconds: float = 0.0


@dataclass
class Wire:
    """Decides about packets.

    Attributes:
        impostor_port: of the server with the other certificate.
        dice: decides which packets are lost.
        state: of the link.
    """

    impostor_port: int
    dice: random.Random = field(default_factory=random.Random)
    state: State = State.UP
    _known: set[int] = field(default_factory=set, init=False)
    """The near ports of connections that began since the state was entered."""
    _ports: dict[int, int] = field(default_factory=dict, init=False)
    """The far port that a client asked for and the impostor answers, by near port."""

    def enter(self, state: State) -> None:
        """Change the state."""
        self.state = state
        self._known.clear()
        if state is not State.OTHER_CERTIFICATE:
            self._ports.clear()

    def carry(self, content: bytes, *, is_to_far: bool) -> Iterator[Packet]:
        """Yield what is delivered for a packet."""
        segment = parse(content)
        if segment is None:
            return
        if segment.protocol == UDP:
            yield from [Packet(content, is_to_far)] if self._is_answered(segment) else []
        else:
            yield from self._carry_tcp(content, segment, is_to_far=is_to_far)

    def _is_answered(self, segment: Segment) -> bool:
        """Return whether a datagram passes: the names of the far end are lost in one state only."""
        is_of_names = NAMES_PORT in (segment.source_port, segment.destination_port)
        return self.state is State.UP or (is_of_names and self.state is not State.NO_NAMES)

    def _carry_tcp(self, content: bytes, segment: Segment, *, is_to_far: bool) -> Iterator[Packet]:
        straight = Packet(content, is_to_far)
        match self.state:
            case State.UP:
                yield straight
            case State.REFUSED:
                yield from _reset(segment, is_to_far=is_to_far)
            case State.HALF_OPEN if is_to_far:
                yield straight
            case State.LOSS if self.dice.random() >= LOSS_SHARE:
                yield straight
            case State.DELAY:
                yield Packet(content, is_to_far, DELAY_SECONDS)
            case State.NO_NAMES:
                yield from [straight] if self._is_known(segment, is_to_far) else _reset(segment, is_to_far=is_to_far)
            case State.OTHER_CERTIFICATE:
                yield from self._to_impostor(content, segment, is_to_far=is_to_far)

    def _is_known(self, segment: Segment, is_to_far: bool) -> bool:  # noqa: FBT001 - the direction
        if is_to_far and segment.flags & SYN:
            self._known.add(segment.source_port)
        return (segment.source_port if is_to_far else segment.destination_port) in self._known

    def _to_impostor(self, content: bytes, segment: Segment, *, is_to_far: bool) -> Iterator[Packet]:
        if not self._is_known(segment, is_to_far):
            yield from _reset(segment, is_to_far=is_to_far)
        elif is_to_far:
            self._ports.setdefault(segment.source_port, segment.destination_port)
            yield Packet(with_ports(content, segment, segment.source_port, self.impostor_port), is_to_far)
        else:
            asked = self._ports[segment.destination_port]
            yield Packet(with_ports(content, segment, asked, segment.destination_port), is_to_far)


def _reset(segment: Segment, *, is_to_far: bool) -> Iterator[Packet]:
    """Yield resets for both ends of a connection."""
    if segment.flags & RST:
        return
    yield Packet(reset_to_sender(segment), is_to_far=not is_to_far)
    if not segment.flags & SYN:
        yield Packet(reset_to_receiver(segment), is_to_far=is_to_far)
