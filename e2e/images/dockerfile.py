"""Reads the Dockerfile: the inputs of a target, which decide when it must be built again."""

import re
from dataclasses import dataclass
from typing import Self

from e2e.cluster.errors import HarnessError

_CONTINUED = re.compile(r"\\\n")


@dataclass(frozen=True)
class Stage:
    """One stage of the Dockerfile.

    Attributes:
        name: after AS.
        base: what it is built from: another stage, or an image.
        instructions: all its instructions with FROM, each in one piece.
    """

    name: str
    base: str
    instructions: tuple[str, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        """What it takes from: its base and the stages that it copies from."""
        copied = (re.match(r"COPY .*--from=(\S+)", instruction) for instruction in self.instructions)
        return (self.base, *(match[1] for match in copied if match))

    @property
    def sources(self) -> tuple[str, ...]:
        """The files and folders of the checkout that it copies."""
        words = (line.split()[1:] for line in self.instructions if line.startswith("COPY ") and "--from=" not in line)
        return tuple(source for each in words for source in each[:-1] if not source.startswith("--"))


@dataclass(frozen=True)
class Dockerfile:
    """The stages of a Dockerfile.

    Attributes:
        arguments: the instructions before the first stage.
        stages: by their names, in order.
    """

    arguments: tuple[str, ...]
    stages: dict[str, Stage]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a Dockerfile; every stage has a name."""
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        arguments: list[str] = []
        stages: list[list[str]] = []
        for instruction in _CONTINUED.sub(" ", "\n".join(lines)).splitlines():
            if instruction.startswith("FROM "):
                stages.append([instruction])
            elif instruction.strip():
                (stages[-1] if stages else arguments).append(" ".join(instruction.split()))
        made = (_stage(instructions) for instructions in stages)
        return cls(tuple(arguments), {stage.name: stage for stage in made})

    def needed(self, target: str) -> tuple[Stage, ...]:
        """The stages that a target is made of, in order, itself last.

        Raises:
            HarnessError: there is no such target.
        """
        if target not in self.stages:
            raise HarnessError(f"the Dockerfile has no target {target}: there are {', '.join(self.stages)}")
        wanted = {target}
        for stage in reversed(self.stages.values()):
            if stage.name in wanted:
                wanted.update(stage.stages)
        return tuple(stage for stage in self.stages.values() if stage.name in wanted)

    def reduced(self, target: str) -> str:
        """A Dockerfile of the needed stages alone: older builders run all that come before the target."""
        stages = ("\n".join(stage.instructions) for stage in self.needed(target))
        return "\n\n".join(("\n".join(self.arguments), *stages)) + "\n"

    def sources(self, target: str) -> tuple[str, ...]:
        """The files and folders of the checkout that go into a target, sorted."""
        return tuple(sorted({source for stage in self.needed(target) for source in stage.sources}))


def _stage(instructions: list[str]) -> Stage:
    words = instructions[0].split()
    return Stage(words[3], words[1], tuple(instructions))
