"""Observers that count."""

from dataclasses import dataclass, field


@dataclass
class Damage:
    """Counts damaged chunks."""

    chunks: int = 0

    def damaged_chunk(self) -> None:
        self.chunks += 1


@dataclass
class Observed(Damage):
    """Counts everything that a store reports."""

    groups: list[int] = field(default_factory=list)
    failures: int = 0
    segments: list[int] = field(default_factory=list)
    files: int = 0

    def committed(self, requests: int, seconds: float) -> None:
        assert seconds >= 0
        self.groups.append(requests)

    def failed(self) -> None:
        self.failures += 1

    def sealed(self, readings: int, file_bytes: int, seconds: float) -> None:
        assert file_bytes > 0
        assert seconds >= 0
        self.segments.append(readings)

    def set_aside(self, files: int) -> None:
        self.files += files
