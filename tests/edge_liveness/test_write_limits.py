"""The words and the figures of status writes."""

from edge_liveness import WriteKind, WriteLimits


def test_words_of_the_metric() -> None:
    assert [*WriteKind] == ["transition", "refresh"]


def test_default_limits() -> None:
    assert WriteLimits() == WriteLimits(rate=50.0, burst=200.0, refresh_after=300.0, refresh_share=0.5)
