"""A block: which of 4,096 consecutive sequence numbers of a session are stored."""

import struct
from dataclasses import dataclass
from typing import Self

BITS = 12
"""A sequence number without its last 12 bits is the number of its block."""

SIZE = 1 << BITS
"""Sequence numbers of a block."""

MASK = SIZE - 1
_RUN = struct.Struct("<HH")
_BITMAP_BYTES = SIZE // 8


@dataclass(slots=True)
class Block:
    """A set of numbers from 0 to 4,095: a run from `low` to `high`, or with gaps a bitmap.

    Attributes:
        low: first number of the run.
        high: last number of the run; less than `low` if the set is empty.
        bitmap: as a number of 4,096 bits; bit n is set if n is in the set; None if the set is a run.
        last_offset: offset of the newest reading of the block, for retention.
        is_changed: whether the set differs from its row in the database.
    """

    low: int = 0
    high: int = -1
    bitmap: int | None = None
    last_offset: int = 0
    is_changed: bool = False

    @classmethod
    def decode(cls, content: bytes) -> Self:
        """Return the set in `content`.

        Raises:
            ValueError: it is not a block.
        """
        if len(content) == _BITMAP_BYTES:
            return cls(bitmap=int.from_bytes(content, "little"))
        if len(content) != _RUN.size:
            raise ValueError(f"a block of {len(content)} bytes: it must have {_RUN.size} or {_BITMAP_BYTES}")
        low, high = _RUN.unpack(content)
        return cls(low, high)

    def encode(self) -> bytes:
        """Return the set as bytes; it is not empty."""
        if self.bitmap is None:
            return _RUN.pack(self.low, self.high)
        return self.bitmap.to_bytes(_BITMAP_BYTES, "little")

    def add(self, number: int) -> bool:
        """Add `number` (0 to 4,095); return False if it is in the set already."""
        if self.bitmap is None:
            if self.low <= number <= self.high:
                return False
            if self.high < self.low:
                self.low = self.high = number
                return True
            if number == self.high + 1:
                self.high = number
                return True
            self.bitmap = (1 << self.high + 1) - (1 << self.low)
        bit = 1 << number
        if self.bitmap & bit:
            return False
        self.bitmap |= bit
        self._compact(self.bitmap)
        return True

    def _compact(self, bitmap: int) -> None:
        lowest = bitmap & -bitmap
        if not (bitmap + lowest) & bitmap:
            self.low, self.high, self.bitmap = lowest.bit_length() - 1, bitmap.bit_length() - 1, None
