import asyncio

import pytest

from edge_gateway.auth.devices import (
    CACHE_SECONDS,
    MAX_CONCURRENT_LOGINS,
    TRUSTED_SECONDS,
    DevicePasswords,
    TooManyTriesError,
)
from edge_gateway.auth.header import Basic
from edge_gateway.auth.login import BrokerUnavailableError
from edge_gateway.auth.throttle import Throttle

RIGHT = Basic("pump-1", "right")
WRONG = Basic("pump-1", "wrong")
TRIES = 3


class Broker:
    """Knows the password of pump-1, and how often it was asked."""

    def __init__(self) -> None:
        self.password = "right"
        self.asked = 0
        self.at_once = 0
        self.most_at_once = 0
        self.away = False

    async def right(self, username: str, password: str) -> bool:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        if self.away:
            raise BrokerUnavailableError("away")
        return username.startswith("pump-") and password == self.password


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Given:
    def __init__(self) -> None:
        self.broker = Broker()
        self.clock = Clock()
        self.passwords = DevicePasswords(self.broker, self.clock, Throttle(TRIES), Throttle(2 * TRIES))


async def test_the_broker_is_asked_again_only_when_its_word_is_old() -> None:
    given = Given()
    assert await given.passwords.right(RIGHT, "here")
    given.clock.now = CACHE_SECONDS
    assert await given.passwords.right(RIGHT, "here")
    assert given.broker.asked == 1
    given.clock.now += 0.1
    assert await given.passwords.right(RIGHT, "here")
    assert given.broker.asked == 2


async def test_g8_a_revoked_device_is_cut_off_within_5_s() -> None:
    given = Given()
    assert await given.passwords.right(RIGHT, "here")
    given.broker.password = "another"
    given.clock.now = 5.0
    assert not await given.passwords.right(RIGHT, "here")


async def test_another_password_is_asked_for_though_the_right_one_is_fresh() -> None:
    given = Given()
    assert await given.passwords.right(RIGHT, "here")
    assert not await given.passwords.right(WRONG, "here")
    assert await given.passwords.right(RIGHT, "here")
    assert given.broker.asked == 2


async def test_many_requests_with_one_password_ask_once() -> None:
    given = Given()
    answers = await asyncio.gather(*(given.passwords.right(RIGHT, "here") for _ in range(MAX_CONCURRENT_LOGINS * 3)))
    assert all(answers)
    assert given.broker.asked <= MAX_CONCURRENT_LOGINS
    assert given.broker.most_at_once <= MAX_CONCURRENT_LOGINS


async def test_who_tries_passwords_is_slowed_down_before_the_broker_is_asked() -> None:
    given = Given()
    for _ in range(TRIES):
        assert not await given.passwords.right(WRONG, "there")
    with pytest.raises(TooManyTriesError):
        await given.passwords.right(WRONG, "there")
    assert given.broker.asked == TRIES
    assert await given.passwords.right(RIGHT, "here"), "another source is not meant"


async def test_a_proven_device_is_let_in_whoever_fails_from_the_same_address() -> None:
    given = Given()
    assert await given.passwords.right(RIGHT, "proxy")
    for _ in range(TRIES):
        await given.passwords.right(WRONG, "proxy")
    given.clock.now = CACHE_SECONDS + 1
    assert await given.passwords.right(RIGHT, "proxy")
    given.clock.now = CACHE_SECONDS + 1 + TRUSTED_SECONDS + 1
    for _ in range(TRIES):
        await given.passwords.right(WRONG, "proxy")
    with pytest.raises(TooManyTriesError):
        await given.passwords.right(RIGHT, "proxy")


async def test_many_names_from_one_source_are_slowed_down_too() -> None:
    given = Given()
    for number in range(2 * TRIES):
        assert not await given.passwords.right(Basic(f"none-{number}", "x"), "there")
    with pytest.raises(TooManyTriesError) as limited:
        await given.passwords.right(Basic("none-99", "x"), "there")
    assert 0 < limited.value.wait_seconds <= 60


async def test_an_unreachable_broker_is_not_counted_as_a_wrong_password() -> None:
    given = Given()
    given.broker.away = True
    for _ in range(3 * TRIES):
        with pytest.raises(BrokerUnavailableError):
            await given.passwords.right(RIGHT, "here")
    given.broker.away = False
    assert await given.passwords.right(RIGHT, "here")
