"""A model of a disk: what is on it after a power cut, from what a program did and synced; pure.

Synced content is on the disk. Of what was not synced, each write is there whole, in part by sectors, or missing,
whatever the order; each truncation is there or missing. Of the operations on a directory all before its last sync are
there, and of the later ones a part, from the first on. A file that was synced has its content; its name is there for
certain only if the directory was synced.
"""

import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from benchmarks.power_cut.journal import Record

SECTOR_BYTES = 512


@dataclass(slots=True)
class File:
    """A file.

    Attributes:
        durable: its content on the disk.
        pending: operations that are not synced.
    """

    durable: bytearray
    pending: list[Record] = field(default_factory=list)

    def sync(self) -> None:
        """Bring everything to the disk."""
        for each in self.pending:
            apply(self.durable, each)
        self.pending.clear()

    def after_cut(self, dice: random.Random) -> bytes:
        """Return what is on the disk after a power cut."""
        content = bytearray(self.durable)
        for each in self.pending:
            for part in survivors(each, dice):
                apply(content, part)
        return bytes(content)


def apply(content: bytearray, record: Record) -> None:
    """Do a write or a truncation; what lies between the end and a write beyond it is zero."""
    end = record.at + len(record.data)
    if record.kind == "T":
        del content[record.at :]
        end = record.at
    content.extend(bytes(max(0, end - len(content))))
    if record.data:
        content[record.at : end] = record.data


def survivors(record: Record, dice: random.Random) -> Iterable[Record]:
    """Return what is on the disk of an operation that was not synced."""
    fate = dice.randrange(3)
    if fate == 0:
        return []
    if fate == 1 or record.kind == "T":
        return [record]
    end = record.at + len(record.data)
    edges = [record.at, *range((record.at // SECTOR_BYTES + 1) * SECTOR_BYTES, end, SECTOR_BYTES)]
    parts = zip(edges, [*edges[1:], end], strict=True)
    kept = (part for part in parts if dice.random() < 0.5)
    return [record._replace(at=a, data=record.data[a - record.at : b - record.at]) for a, b in kept]


Names = dict[str, File | None]
"""Files by path; None is a directory."""


class Disk:
    """A directory on a disk.

    Args:
        content: of all files, by path; everything is on the disk.
        directories: paths of all directories below it.
    """

    def __init__(self, content: Mapping[str, bytes], directories: Iterable[str] = ()) -> None:
        self._durable: Names = {path: File(bytearray(data)) for path, data in content.items()}
        self._durable |= dict.fromkeys(directories)
        self._now: Names = dict(self._durable)
        self._pending: list[tuple[str, Callable[[Names], None]]] = []
        """Operations on names, with the directory in which they are."""

    def do(self, record: Record) -> None:
        """Do one operation."""
        kind, path = record.kind, record.path
        if kind in "WT":
            file = self._now[path]
            assert file is not None
            file.pending.append(record)
        elif kind == "S":
            self._sync(path)
        elif kind == "C":
            self._name(path, _put(path, File(bytearray())))
        elif kind == "M":
            self._name(path, _put(path, None))
        elif kind == "U":
            self._name(path, _remove(path))
        elif kind == "R":
            self._name(path, _move(path, record.data.decode()))

    def after_cut(self, dice: random.Random) -> tuple[dict[str, bytes], list[str]]:
        """Return the content of all files, by path, and the directories after a power cut."""
        names = dict(self._durable)
        for directory in sorted({where for where, _ in self._pending}):
            own = [operation for where, operation in self._pending if where == directory]
            # In every second cut none of the names has reached the disk.
            kept = dice.choice((0, dice.randint(0, len(own))))
            for operation in own[:kept]:
                operation(names)
        directories = [path for path, file in names.items() if file is None]
        lost = {path for path, file in self._now.items() if file is None} - set(directories)
        content = {path: file.after_cut(dice) for path, file in sorted(names.items()) if file is not None}
        return {path: data for path, data in content.items() if _parent(path) not in lost}, directories

    def _sync(self, path: str) -> None:
        file = self._now.get(path)
        if file is not None:
            file.sync()
            return
        for where, operation in self._pending:
            if where == path:
                operation(self._durable)
        self._pending = [each for each in self._pending if each[0] != path]

    def _name(self, path: str, operation: Callable[[Names], None]) -> None:
        operation(self._now)
        self._pending.append((_parent(path), operation))


def _parent(path: str) -> str:
    return str(PurePosixPath(path).parent)


def _put(path: str, file: File | None) -> Callable[[Names], None]:
    return lambda names: names.update({path: file})


def _remove(path: str) -> Callable[[Names], None]:
    def remove(names: Names) -> None:
        names.pop(path, None)

    return remove


def _move(path: str, to: str) -> Callable[[Names], None]:
    def move(names: Names) -> None:
        if path in names:
            names[to] = names.pop(path)

    return move
