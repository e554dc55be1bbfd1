import base64
import copy
from typing import Any, cast

import pytest

from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ChildCache, ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.root_secret_problems import RootUnusableError
from edge_operator.control.credentials.root_secrets import REGENERATED, RootSecrets
from edge_operator.desired.kinds import SECRET, ChildKind
from edge_operator.desired.root_secret import root_secret
from edge_operator.status import reasons

NEW, OTHER = b"n" * 32, b"o" * 32


class FakeObjects:
    """One Secret, in memory."""

    def __init__(self, secret: dict[str, Any] | None = None) -> None:
        self.secret: dict[str, Any] | None = None
        self.version = 0
        self.calls: list[str] = []
        if secret is not None:
            self.children(secret)

    def children(self, secret: dict[str, Any], uid: str | None = None) -> dict[str, Any]:
        self.version += 1
        uid = uid or (self.secret["metadata"]["uid"] if self.secret else f"uid-{self.version}")
        self.secret = copy.deepcopy(secret)
        self.secret["metadata"] |= {"uid": uid, "resourceVersion": str(self.version)}
        return copy.deepcopy(self.secret)

    async def get(self, _kind: ChildKind, _namespace: str, _name: str) -> dict[str, Any] | None:
        self.calls.append("get")
        return copy.deepcopy(self.secret)

    async def create(self, _kind: ChildKind, manifest: dict[str, Any]) -> dict[str, Any]:
        self.calls.append("create")
        if self.secret is not None:
            raise ApiError(409, "AlreadyExists", "there is one")
        return self.children(manifest)

    async def merge(
        self, _kind: ChildKind, _namespace: str, _name: str, patch: dict[str, Any], *, metadata_only: bool
    ) -> dict[str, Any]:
        assert not metadata_only
        assert self.secret is not None
        assert patch["metadata"].pop("uid") == self.secret["metadata"]["uid"]
        self.calls.append("merge")
        merged = copy.deepcopy(self.secret)
        for part in ("labels", "annotations"):
            merged["metadata"][part] = {**merged["metadata"].get(part, {}), **patch["metadata"][part]}
        merged["data"] = {k: v for k, v in {**merged["data"], **patch["data"]}.items() if v is not None}
        return self.children(merged)

    @property
    def key(self) -> bytes:
        assert self.secret is not None
        return base64.b64decode(self.secret["data"]["key"])


class Rig:
    def __init__(self, secret: dict[str, Any] | None = None) -> None:
        self.objects = FakeObjects(secret)
        self.children = ChildCache(lambda *_: None)
        self.changed: list[ResourceKey] = []
        self.roots = RootSecrets(cast("ObjectClient", self.objects), self.children, lambda: NEW, self.changed.append)

    def watched(self) -> None:
        """Deliver the Secret as it is by the watch."""
        if self.objects.secret is not None:
            self.children.put(SECRET, self.objects.secret)

    def edit(self, **data: str) -> None:
        assert self.objects.secret is not None
        self.objects.children(self.objects.secret | {"data": data})
        self.watched()


def site(**status: Any) -> CachedSite:
    metadata = {"namespace": "ns", "name": "hall", "uid": "s", "resourceVersion": "1", "generation": 1}
    return CachedSite({"metadata": metadata, "status": status})


def secret(key: bytes = OTHER) -> dict[str, Any]:
    return root_secret("hall", "ns", key)


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


async def test_new_site_gets_a_new_key() -> None:
    rig = Rig()
    root = await rig.roots.ensure(site())
    assert (root.key, root.regenerated, rig.objects.key) == (NEW, False, NEW)


async def test_retained_key_is_taken() -> None:
    rig = Rig(secret())
    assert (await rig.roots.ensure(site())).key == OTHER
    assert rig.objects.calls == ["get"]


async def test_unchanged_secret_is_not_read_again() -> None:
    rig = Rig(secret())
    for _ in range(3):
        await rig.roots.ensure(site())
        rig.watched()
    assert rig.objects.calls.count("get") == 1


async def test_deleted_secret_comes_back_with_the_same_key() -> None:
    rig = Rig(secret())
    rig.watched()
    await rig.roots.ensure(site(observedGeneration=1))
    assert rig.objects.secret is not None
    rig.children.delete(SECRET, rig.objects.secret)
    rig.objects.secret = None
    root = await rig.roots.ensure(site(observedGeneration=1))
    assert (root.key, root.regenerated, rig.objects.key) == (OTHER, False, OTHER)


async def test_lost_key_is_replaced_and_marked() -> None:
    rig = Rig()
    root = await rig.roots.ensure(site(observedGeneration=1))
    assert root.regenerated
    assert rig.objects.secret is not None
    assert rig.objects.secret["metadata"]["annotations"][REGENERATED] == "true"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"key": encoded(b"e" * 32)}, id="another key"),
        pytest.param({"key": encoded(b"short")}, id="too short"),
        pytest.param({"key": "%%%"}, id="no base64"),
        pytest.param({"key": "ä"}, id="no ASCII"),
        pytest.param({}, id="no key"),
    ],
)
async def test_edited_key_is_put_back(data: dict[str, str]) -> None:
    rig = Rig(secret())
    await rig.roots.ensure(site())
    rig.edit(**data)
    assert (await rig.roots.ensure(site())).key == OTHER
    assert rig.objects.key == OTHER
    calls = len(rig.objects.calls)
    await rig.roots.ensure(site())
    assert len(rig.objects.calls) == calls, "and then it is well"


async def test_edited_key_misleads_no_paused_site() -> None:
    rig = Rig(secret())
    await rig.roots.ensure(site())
    rig.edit(key=encoded(b"e" * 32))
    root = await rig.roots.read(site())
    assert root is not None
    assert root.key == OTHER
    assert "merge" not in rig.objects.calls


async def test_stripped_label_is_put_back() -> None:
    rig = Rig(secret())
    await rig.roots.ensure(site())
    bare = secret()
    del bare["metadata"]["labels"]
    rig.objects.children(bare)
    await rig.roots.ensure(site())
    assert rig.objects.secret is not None
    assert rig.objects.secret["metadata"]["labels"]["edge-stack.io/site"] == "hall"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"labels": {}}, reasons.NOT_OURS, id="no label"),
        pytest.param(
            {"labels": secret()["metadata"]["labels"] | {"edge-stack.io/site": "yard"}},
            reasons.NOT_OURS,
            id="another's",
        ),
        pytest.param(
            {"ownerReferences": [{"controller": True, "apiVersion": "v1", "kind": "X", "name": "x", "uid": "x"}]},
            reasons.NOT_OURS,
            id="controlled",
        ),
    ],
)
async def test_somebody_elses_secret_is_left_alone(change: dict[str, Any], reason: str) -> None:
    foreign = secret()
    foreign["metadata"] |= change
    rig = Rig(foreign)
    for attempt in (rig.roots.ensure, rig.roots.read):
        with pytest.raises(RootUnusableError) as caught:
            await attempt(site())
        assert caught.value.problem.reason == reason
    assert set(rig.objects.calls) == {"get"}


@pytest.mark.parametrize("data", [{}, None, {"key": encoded(b"short")}, {"key": "%%%"}])
async def test_key_that_is_none_is_not_replaced_unless_it_is_known(data: dict[str, str] | None) -> None:
    rig = Rig(secret() | {"data": data})
    with pytest.raises(RootUnusableError) as caught:
        await rig.roots.ensure(site())
    assert caught.value.problem.reason == reasons.ROOT_SECRET_INVALID
    assert rig.objects.calls == ["get"]


async def test_secret_made_by_another_replica_in_between_wins() -> None:
    rig = Rig()
    get, answers = rig.objects.get, [None]

    async def first_none(_kind: ChildKind, _namespace: str, _name: str) -> dict[str, Any] | None:
        if answers:
            rig.objects.children(secret())
            return answers.pop()
        return await get(_kind, _namespace, _name)

    rig.objects.get = first_none  # type: ignore[method-assign]
    assert (await rig.roots.ensure(site())).key == OTHER


async def test_learning_writes_nothing() -> None:
    rig = Rig()
    assert await rig.roots.read(site()) is None
    assert rig.objects.calls == ["get"]


async def test_forgotten_with_its_site() -> None:
    rig = Rig(secret())
    await rig.roots.ensure(site())
    rig.roots.remove(("ns", "hall"))
    assert not rig.roots._cached  # noqa: SLF001 - what grows is not seen from outside


async def test_key_is_not_shown() -> None:
    assert "nnnn" not in repr(await Rig().roots.ensure(site()))
