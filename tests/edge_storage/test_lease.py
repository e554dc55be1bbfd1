"""The lease has one holder, ends by our clock, and its token only rises."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import pytest

from edge_storage.database.connections import open_writer
from edge_storage.lease import Leases, check_token
from edge_wire.store import FencedError, LeaseHeldError


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def leases(connection: sqlite3.Connection, clock: Clock) -> Leases:
    return Leases(connection, clock)


def test_renewal_keeps_the_token(connection: sqlite3.Connection, leases: Leases, clock: Clock) -> None:
    tokens = []
    for _ in range(3):
        tokens.append(leases.acquire(connection, "a", 3).token)
        clock.now += 2.9

    assert tokens == [1, 1, 1]


def test_renewal_writes_nothing(connection: sqlite3.Connection, leases: Leases) -> None:
    leases.acquire(connection, "a", 3)
    before = connection.total_changes

    leases.acquire(connection, "a", 3)

    assert connection.total_changes == before


def test_nobody_else_gets_it_before_its_end(connection: sqlite3.Connection, leases: Leases, clock: Clock) -> None:
    leases.acquire(connection, "a", 3)
    clock.now += 2

    with pytest.raises(LeaseHeldError, match="a holds the lease") as held:
        leases.acquire(connection, "b", 3)

    assert held.value.holder == "a"
    assert held.value.expires_in_seconds == pytest.approx(1)


def test_after_its_end_another_takes_over_and_the_old_holder_is_fenced(
    connection: sqlite3.Connection, leases: Leases, clock: Clock
) -> None:
    old = leases.acquire(connection, "a", 3).token
    check_token(connection, old)
    clock.now += 3

    new = leases.acquire(connection, "b", 3).token

    assert new > old
    check_token(connection, new)
    with pytest.raises(FencedError):
        check_token(connection, old)
    with pytest.raises(LeaseHeldError):
        leases.acquire(connection, "a", 3)


def test_a_released_lease_is_free_at_once(connection: sqlite3.Connection, leases: Leases) -> None:
    token = leases.acquire(connection, "a", 3).token

    leases.release(connection, "a", token)

    assert leases.acquire(connection, "b", 3).token == token + 1


@pytest.mark.parametrize(("holder", "token"), [("b", 1), ("a", 2)])
def test_nobody_releases_what_is_not_his(
    connection: sqlite3.Connection, leases: Leases, holder: str, token: int
) -> None:
    leases.acquire(connection, "a", 3)

    leases.release(connection, holder, token)

    with pytest.raises(LeaseHeldError):
        leases.acquire(connection, "b", 3)


def test_a_restart_honours_the_lease_for_its_duration(tmp_path: Path, connection: sqlite3.Connection) -> None:
    Leases(connection, Clock()).acquire(connection, "a", 3)
    connection.close()
    again = open_writer(tmp_path)
    clock = Clock(5.0)
    leases = Leases(again, clock)

    clock.now += 2.9
    with pytest.raises(LeaseHeldError):
        leases.acquire(again, "b", 3)
    clock.now += 0.1
    token = leases.acquire(again, "b", 3).token

    assert token == 2
    again.close()


def test_two_in_one_transaction_are_not_both_granted(connection: sqlite3.Connection, leases: Leases) -> None:
    connection.execute("BEGIN")
    leases.acquire(connection, "a", 3)

    with pytest.raises(LeaseHeldError):
        leases.acquire(connection, "b", 3)
    connection.execute("COMMIT")
