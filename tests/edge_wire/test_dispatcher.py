"""A topic finds its handler, and nothing else does: the topic functions and the dispatcher are inverse."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_wire.dispatcher import Dispatcher
from edge_wire.topic import Topic
from edge_wire.topic_table import TABLE

ALL = Dispatcher({topic: topic for topic in TABLE})
LEVELS = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)
NEARLY = st.builds(
    "".join,
    st.lists(st.sampled_from([*(part for each in TABLE for part in each.pattern.split("/")), "/", "/", "\n", "x"])),
)
"""Parts of topics in any order."""


@given(st.sampled_from(TABLE), LEVELS)
def test_topic_is_found_with_its_level(topic: Topic, level: str) -> None:
    spelt = topic.of(level) if topic.variable else topic.pattern
    assert ALL.find(spelt) == (topic, level if topic.variable else "")


@given(st.text() | NEARLY | st.builds(lambda topic, text: topic.pattern + text, st.sampled_from(TABLE), st.text()))
def test_any_other_text_is_refused_and_nothing_else_is_raised(text: str) -> None:
    try:
        topic, level = ALL.find(text)
    except ValueError:
        return
    assert text == (topic.of(level) if topic.variable else topic.pattern)


@pytest.mark.parametrize("topic", TABLE, ids=lambda topic: topic.pattern)
def test_topic_without_a_handler_is_refused(topic: Topic) -> None:
    others = Dispatcher({each: each for each in TABLE if each is not topic})
    spelt = topic.of("pump-1") if topic.variable else topic.pattern
    with pytest.raises(ValueError, match=re.escape(f"the topic {spelt!r} is not one of ")):
        others.find(spelt)


@pytest.mark.parametrize("text", ["", "devices/pump-1/data"])
def test_receiver_of_nothing_refuses_everything(text: str) -> None:
    with pytest.raises(ValueError, match="is not one of"):
        Dispatcher[None]({}).find(text)


def test_topic_without_a_variable_level_has_none() -> None:
    with pytest.raises(ValueError, match="edge/activity has no variable level: use its pattern"):
        Topic("edge/activity").of("pump-1")


def test_each_topic_finds_its_own_handler() -> None:
    data, ack = Topic("hall/{id}/data"), Topic("hall/{id}/data/ack")
    dispatcher = Dispatcher({data: "data", ack: "ack"})
    assert dispatcher.find("hall/a/data") == ("data", "a")
    assert dispatcher.find("hall/b/data/ack") == ("ack", "b")


def test_topic_is_made_of_its_pattern() -> None:
    one, plain = Topic("hall/{id}/data"), Topic("hall/boot")
    assert (one.of("a"), one.filter, one.variable) == ("hall/a/data", "hall/+/data", "id")
    assert re.fullmatch(one.expression, "hall/a/data")
    assert not re.fullmatch(one.expression, "hall/data")
    assert (plain.filter, plain.variable, plain.expression) == ("hall/boot", "", r"hall/boot()")
