"""The table of `make demo`: over itself on a terminal, lines elsewhere."""

import io

import pytest

from e2e.cluster.steps import Steps
from e2e.live_table import LiveTable

WAITS = {"boiler-1": "waits", "pump-1": "Unknown NotYetSeen"}
ONLINE = {"boiler-1": "Online HeartbeatReceived", "pump-1": "Unknown NotYetSeen"}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_it_is_drawn_over_itself() -> None:
    terminal = Terminal()
    table = LiveTable(Steps(), terminal)
    for lives in (WAITS, WAITS, ONLINE):
        table.show(lives)
    first, second = terminal.getvalue().split("\x1b[3A\x1b[J")
    assert [line.split() for line in first.splitlines()] == [
        ["NAME", "STATUS", "REASON"],
        ["boiler-1", "waits"],
        ["pump-1", "Unknown", "NotYetSeen"],
    ]
    assert [line.split() for line in second.splitlines()][1:] == [
        ["boiler-1", "Online", "HeartbeatReceived"],
        ["pump-1", "Unknown", "NotYetSeen"],
    ]


def test_what_is_above_other_lines_is_left_as_it_is() -> None:
    terminal = Terminal()
    table = LiveTable(Steps(), terminal)
    table.show(WAITS)
    table.begin()
    table.show(WAITS)
    assert "\x1b" not in terminal.getvalue()
    assert terminal.getvalue().count("boiler-1") == 2


def test_elsewhere_each_change_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    table = LiveTable(Steps())
    for lives in (WAITS, WAITS, ONLINE):
        table.begin()
        table.show(lives)
    said = [line.partition("s  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert said == [
        "EdgeDevice boiler-1: waits",
        "EdgeDevice pump-1: Unknown NotYetSeen",
        "EdgeDevice boiler-1: Online HeartbeatReceived",
    ]
