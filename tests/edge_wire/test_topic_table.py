"""What holds for every row of the table of topics."""

from typing import get_args

import pytest

from edge_wire.topic import Role, Topic
from edge_wire.topic_table import TABLE

EVERY = pytest.mark.parametrize("topic", TABLE, ids=lambda topic: topic.pattern)


def test_no_topic_is_listed_twice() -> None:
    assert len({topic.filter for topic in TABLE}) == len(TABLE) > 10


@EVERY
def test_there_is_at_most_one_variable_level(topic: Topic) -> None:
    assert topic.filter.count("{") == 0
    assert topic.filter.count("+") == (1 if topic.variable else 0)


@EVERY
def test_devices_have_topics_below_their_own_id_only(topic: Topic) -> None:
    if "device" in (*topic.writers, *topic.readers):
        assert topic.pattern.startswith("devices/{id}/"), f"every device could use {topic.pattern}"


@EVERY
def test_clients_write_nothing_and_read_nothing_of_the_components(topic: Topic) -> None:
    assert "client" not in topic.writers
    assert not (topic.pattern.startswith("edge/") and "client" in topic.readers)


@EVERY
def test_only_mosquitto_writes_its_own_topics(topic: Topic) -> None:
    assert topic.pattern.startswith("$SYS/") == (topic.writers == ())


@EVERY
def test_a_topic_within_another_is_matched_by_its_filter_and_gives_nobody_more(topic: Topic) -> None:
    if topic.within is not None:
        levels = zip(topic.within.filter.split("/"), topic.pattern.split("/"), strict=True)
        assert all(wanted in {"+", level} for wanted, level in levels)
        assert set(topic.writers) <= set(topic.within.writers)
        assert set(topic.readers) <= set(topic.within.readers)


def test_every_role_has_a_topic() -> None:
    used = {role for topic in TABLE for role in (*topic.writers, *topic.readers)}
    assert used == set(get_args(Role))
