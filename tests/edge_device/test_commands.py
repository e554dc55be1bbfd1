"""Answers to commands."""

import datetime as dt
from typing import Any

import pytest

from edge_device.commands import CACHED_COMMANDS, Commands, RefusedError
from edge_wire.messages import Command

NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(seconds=10)


class Valve:
    def __init__(self) -> None:
        self.opened = 0

    def open(self, params: dict[str, Any]) -> str:
        if "by" not in params:
            raise RefusedError("open needs by")
        self.opened += 1
        return f"opened by {params['by']}"


@pytest.fixture
def valve() -> Valve:
    return Valve()


@pytest.fixture
def commands(valve: Valve) -> Commands:
    return Commands({"open": valve.open})


def command(name: str = "open", number: int = 1, expires_at: dt.datetime = LATER, **params: Any) -> Command:
    return Command(f"c{number}", expires_at, {"command": name, "params": params})


@pytest.mark.parametrize(
    ("asked", "status", "result"),
    [
        (command(by=5), "ok", "opened by 5"),
        (command(), "failed", "open needs by"),
        (command("close"), "failed", "unknown command; this device supports open"),
        (command(by=5, expires_at=NOW), "failed", "the command arrived after it expired"),
        (Command("c1", LATER, {"action": "open"}), "failed", "unknown command; this device supports open"),
        (Command("c1", LATER, {"command": ["open"]}), "failed", "unknown command; this device supports open"),
        (Command("c1", LATER, {"command": "open", "params": [5]}), "failed", "open needs by"),
    ],
)
def test_answers(commands: Commands, asked: Command, status: str, result: str) -> None:
    answer = commands.answer(asked, NOW)
    assert (answer.command_id, answer.status, answer.result) == ("c1", status, result)


def test_a_command_that_comes_again_is_answered_and_not_done_again(commands: Commands, valve: Valve) -> None:
    first = commands.answer(command(by=5), NOW)
    assert commands.answer(command(by=5), LATER) == first
    assert valve.opened == 1


def test_it_remembers_so_many_and_no_more(commands: Commands, valve: Valve) -> None:
    for number in range(CACHED_COMMANDS + 1):
        commands.answer(command(number=number, by=1), NOW)
    commands.answer(command(number=CACHED_COMMANDS, by=1), NOW)
    assert valve.opened == CACHED_COMMANDS + 1
    commands.answer(command(number=0, by=1), NOW)
    assert valve.opened == CACHED_COMMANDS + 2
