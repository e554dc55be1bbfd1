import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge_operator.api.schema import API_VERSION
from edge_operator.control.cache import child_cache as module
from edge_operator.control.cache.child_cache import ChildCache, ResourceKey, newer, older
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.desired.kinds import CONFIG_MAP, SECRET

KEY = ObjectKey(SECRET, "ns", "a")


def secret(
    version: int, uid: str = "u1", *, name: str = "a", owner: str | None = None, site: str | None = None
) -> dict[str, Any]:
    metadata: dict[str, Any] = {"namespace": "ns", "name": name, "uid": uid, "resourceVersion": str(version)}
    if owner is not None:
        reference = {"apiVersion": API_VERSION, "kind": "EdgeSite", "name": owner, "uid": "s", "controller": True}
        metadata["ownerReferences"] = [reference]
    if site is not None:
        metadata["labels"] = {"edge-stack.io/site": site, "app.kubernetes.io/managed-by": "edge-stack"}
    return {"metadata": metadata}


class Told:
    """A store, and which sites it said are concerned."""

    def __init__(self) -> None:
        self.sites: list[ResourceKey] = []
        self.children = ChildCache(lambda _, key: self.sites.append(key))

    def flush(self) -> set[str]:
        told = {name for _, name in self.sites}
        self.sites.clear()
        return told


@pytest.mark.parametrize(
    ("version", "than", "is_newer", "is_older"),
    [
        ("10", "9", True, False),
        ("9", "10", False, True),
        ("9", "9", False, False),
        ("x", "y", True, False),
        ("x", "9", True, False),
        ("9", "x", True, False),
        ("x", "x", False, False),
    ],
)
def test_versions(version: str, than: str, *, is_newer: bool, is_older: bool) -> None:
    assert (newer(version, than), older(version, than)) == (is_newer, is_older)


def test_site_is_told_by_owner_and_by_label() -> None:
    told = Told()
    told.children.put(SECRET, secret(1, owner="s1", site="s2"))
    assert told.flush() == {"s1", "s2"}
    for name in ("s1", "s2"):
        assert [seen.key for seen in told.children.owned_by("EdgeSite", ("ns", name))] == [KEY]
    assert list(told.children.owned_by("EdgeSite", ("other", "s1"))) == []


def test_both_sites_are_told_when_an_object_changes_hands() -> None:
    told = Told()
    told.children.put(SECRET, secret(1, site="s1"))
    told.flush()
    told.children.put(SECRET, secret(2, site="s2"))
    assert told.flush() == {"s1", "s2"}
    assert list(told.children.owned_by("EdgeSite", ("ns", "s1"))) == []


def test_stripped_owner_is_remembered_until_there_is_another() -> None:
    told = Told()
    told.children.put(SECRET, secret(1, owner="s1", site="s1"))
    seen = told.children.put(SECRET, secret(2, site="s1"))
    assert seen.owner is None
    assert seen.last_owner is not None
    assert told.children.put(SECRET, secret(3, site="s1")).last_owner == seen.last_owner
    assert told.children.put(SECRET, secret(4, "u2", site="s1")).last_owner is None, "another object of the name"


def test_same_version_again_tells_nobody() -> None:
    told = Told()
    told.children.put(SECRET, secret(1, site="s1"))
    told.flush()
    told.children.put(SECRET, secret(1, site="s1"))
    assert told.flush() == set()


def test_dropped_object_concerns_its_site() -> None:
    told = Told()
    told.children.put(SECRET, secret(1, site="s1"))
    told.flush()
    told.children.delete(SECRET, secret(2))
    assert (told.flush(), told.children.get(KEY), len(told.children)) == ({"s1"}, None, 0)


def test_late_answer_to_a_write_does_not_bring_a_deleted_object_back() -> None:
    told = Told()
    told.children.put(SECRET, secret(1))
    told.children.delete(SECRET, secret(5))
    told.children.put(SECRET, secret(4))
    assert told.children.get(KEY) is None


def test_late_leaving_of_the_selector_does_not_hide_a_later_state() -> None:
    told = Told()
    told.children.put(SECRET, secret(7))
    told.children.delete(SECRET, secret(5))
    assert told.children.get(KEY) is not None


def test_news_of_an_old_object_does_not_touch_its_successor() -> None:
    told = Told()
    told.children.put(SECRET, secret(9, "u2"))
    told.children.put(SECRET, secret(4, "u1"))
    told.children.delete(SECRET, secret(6, "u1"))
    seen = told.children.get(KEY)
    assert seen is not None
    assert seen.uid == "u2"


def test_list_forgets_what_is_gone_and_keeps_what_is_newer_than_itself() -> None:
    told = Told()
    told.children.put(SECRET, secret(1, "u1", name="gone", site="s1"))
    told.children.put(SECRET, secret(50, "u2", name="young", site="s2"))
    told.children.put(CONFIG_MAP, secret(1, "u3", name="other-kind", site="s3"))
    told.children.put(SECRET, secret(3, "u4", name="listed", site="s4"))
    told.flush()
    told.children.prune(SECRET, None, {("ns", "listed")}, "10")
    assert told.flush() == {"s1"}
    assert {
        seen.key.name for name in ("s1", "s2", "s3", "s4") for seen in told.children.owned_by("EdgeSite", ("ns", name))
    } == {
        "young",
        "other-kind",
        "listed",
    }


def test_list_of_one_namespace_says_nothing_of_others() -> None:
    told = Told()
    told.children.put(SECRET, secret(1))
    told.children.prune(SECRET, "elsewhere", set(), "10")
    assert told.children.get(KEY) is not None
    told.children.prune(SECRET, "ns", set(), "10")
    assert told.children.get(KEY) is None


def test_deletions_are_remembered_in_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TOMBSTONES", 10)
    told = Told()
    for number in range(100):
        told.children.put(SECRET, secret(number * 2 + 1, f"u{number}", site=f"s{number}"))
        told.children.delete(SECRET, secret(number * 2 + 2, f"u{number}"))
    assert len(told.children._tombstones) == 10  # noqa: SLF001 - what grows is not seen from outside
    assert not told.children._by_owner  # noqa: SLF001


LIVES = st.lists(st.tuples(st.integers(1, 5), st.booleans()), min_size=1, max_size=4)


@given(lives=LIVES, data=st.data())
def test_any_order_of_news_ends_in_the_newest_state(lives: list[tuple[int, bool]], data: st.DataObject) -> None:
    """Objects of one name one after the other: each with some states, then deleted; the last may live on."""
    versions = itertools.count(1)
    news: list[tuple[str, dict[str, Any]]] = []
    expected: tuple[str, str] | None = None
    for number, (states, is_persistent) in enumerate(lives):
        uid = f"u{number}"
        for _ in range(states):
            version = next(versions)
            news.append(("put", secret(version, uid, site=f"s{version % 3}")))
            expected = (uid, str(version))
        if number < len(lives) - 1 or not is_persistent:
            news.append(("drop", secret(next(versions), uid)))
            expected = None
    told = Told()
    repeated = [*news, *data.draw(st.lists(st.sampled_from(news), max_size=3))]
    for kind, obj in data.draw(st.permutations(repeated)):
        if kind == "put":
            told.children.put(SECRET, obj)
        else:
            told.children.delete(SECRET, obj)
    seen = told.children.get(KEY)
    assert (None if seen is None else (seen.uid, seen.version)) == expected
    indexed = [each.key for number in range(3) for each in told.children.owned_by("EdgeSite", ("ns", f"s{number}"))]
    assert indexed == ([] if seen is None else [KEY])
