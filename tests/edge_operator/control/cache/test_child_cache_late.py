"""Answers that come late: what is known of an object stays what is newest of it."""

from edge_operator.control.cache.child_cache import MAX_TOMBSTONES, ChildCache
from edge_operator.control.diff.desired_object import ObjectKey
from edge_operator.desired.kinds import SECRET
from tests.edge_operator.control.cache.test_child_cache import secret

KEY = ObjectKey(SECRET, "ns", "a")


def store() -> ChildCache:
    return ChildCache(lambda *_: None)


def version(children: ChildCache) -> str | None:
    found = children.get(KEY)
    return None if found is None else found.version


def test_older_answer_is_told_what_is_known() -> None:
    children = store()
    known = children.put(SECRET, secret(5))
    assert children.put(SECRET, secret(4)) is known
    assert children.put(SECRET, secret(5)) is known


def test_answer_from_before_the_deletion_is_seen_and_not_kept() -> None:
    children = store()
    children.put(SECRET, secret(1))
    children.delete(SECRET, secret(5))
    assert children.put(SECRET, secret(4)).version == "4"
    assert version(children) is None


def test_older_news_of_the_deletion_changes_nothing() -> None:
    children = store()
    for at in (9, 5):
        children.delete(SECRET, secret(at))
    children.put(SECRET, secret(7))
    assert version(children) is None


def test_what_is_newer_than_the_deletion_is_there() -> None:
    children = store()
    children.put(SECRET, secret(1))
    children.delete(SECRET, secret(5))
    children.put(SECRET, secret(6))
    assert version(children) == "6"


def test_owner_is_remembered_only_once_it_was_stripped() -> None:
    children = store()
    children.put(SECRET, secret(1, owner="hall"))
    assert children.put(SECRET, secret(2, owner="yard")).last_owner is None
    lost = children.put(SECRET, secret(3)).last_owner
    assert lost is not None
    assert lost.name == "yard"
    assert children.put(SECRET, secret(4)).last_owner == lost
    assert children.put(SECRET, secret(5, "u2")).last_owner is None, "another object never had it"


def test_object_of_a_deployment_is_no_sites() -> None:
    concerned: list[object] = []
    owned = secret(1, owner="hall")
    owned["metadata"]["ownerReferences"][0] |= {"apiVersion": "apps/v1", "kind": "Deployment"}
    ChildCache(lambda *resource: concerned.append(resource)).put(SECRET, owned)
    assert concerned == []


def test_deletion_of_another_of_that_name_takes_nothing_away() -> None:
    children = store()
    children.put(SECRET, secret(4, "new"))
    children.delete(SECRET, secret(9, "old"))
    assert version(children) == "4"


def test_what_a_list_did_not_have_does_not_come_back_by_an_older_answer() -> None:
    children = store()
    children.put(SECRET, secret(1))
    children.prune(SECRET, None, set(), "5")
    assert version(children) is None
    children.put(SECRET, secret(4))
    assert version(children) is None
    children.put(SECRET, secret(6))
    assert version(children) == "6"


def test_latest_deletions_are_remembered() -> None:
    children = store()
    for number in range(MAX_TOMBSTONES + 1):
        children.delete(SECRET, secret(9, f"u{number}"))
    children.put(SECRET, secret(8, f"u{MAX_TOMBSTONES}"))
    assert version(children) is None
    children.put(SECRET, secret(8, "u0"))
    assert version(children) == "8", "the first is forgotten"
