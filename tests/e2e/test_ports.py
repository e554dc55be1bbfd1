"""Ports for programs that will listen later, chosen by several processes at once."""

import contextlib
import socket
import subprocess
import sys

import pytest

from e2e.cluster.ports import BLOCK, FIRST, LAST, Ports, free_ports

pytestmark = pytest.mark.process

SCRIPT = "from e2e.cluster.ports import free_ports; print(*free_ports(250)); input()"


def test_nobody_is_given_what_another_was() -> None:
    others = [
        subprocess.Popen([sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    try:
        given = [set(free_ports(250))]
        for other in others:
            assert other.stdout is not None
            given.append({int(port) for port in other.stdout.readline().split()})
    finally:
        for other in others:
            other.communicate("\n")
    assert [len(ports) for ports in given] == [250] * 4
    assert len(set.union(*given)) == 1000
    assert all(FIRST <= port <= LAST for port in set.union(*given))


def test_what_is_listened_on_is_not_given() -> None:
    with contextlib.closing(Ports()) as ports:
        first = ports.next()
        with socket.create_server(("127.0.0.1", first + 1)):
            assert ports.next() != first + 1


def test_all_come_again_when_there_is_no_other() -> None:
    with contextlib.closing(Ports()) as ports:
        first = [ports.next()]
        ports._unclaimed.clear()  # noqa: SLF001 - as if others had all the rest
        while (port := ports.next()) not in first:
            first.append(port)
        assert port == first[0]
        assert len(first) <= BLOCK
