import asyncio
import base64
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from e2e.cluster.pki import Authority
from edge_operator.cluster.errors import ApiError
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.control.credentials.ca_bundle_problems import CaBundleUnusableError
from edge_operator.control.credentials.user_ca_bundles import MAX_BYTES, UserCaBundles
from edge_operator.desired.kinds import ChildKind
from edge_operator.identity.secret_use import SecretUse
from edge_operator.status import reasons
from edge_operator.status.facts import Problem

LOOK_AGAIN = 30.0
FIRST, SECOND = (Authority.create(name).pair().certificate.decode() for name in ("first", "second"))
SECRET_WORDS = "hunter2 is my line"


@dataclass
class Place:
    """The Secrets of one namespace, and what is known of them."""

    secrets: dict[str, str | None] = field(default_factory=dict)
    reads: int = 0
    changed: list[ResourceKey] = field(default_factory=list)
    now: float = 0.0
    refuses: bool = False
    label: str = "true"
    ca_bundles: UserCaBundles = field(init=False)

    def __post_init__(self) -> None:
        self.ca_bundles = UserCaBundles(
            cast(ObjectClient, self), lambda: self.now, LOOK_AGAIN, self.changed.append, SecretUse()
        )

    async def get(self, _kind: ChildKind, _namespace: str, name: str) -> dict[str, Any] | None:
        self.reads += 1
        if self.refuses:
            raise ApiError(403, "Forbidden", "no")
        found = self.secrets.get(name, "none")
        # As with a real server others run meanwhile.
        await asyncio.sleep(0)
        if found == "none":
            return None
        data = {} if found is None else {"ca.crt": base64.b64encode(found.encode()).decode()}
        return {"metadata": {"labels": {"edge-stack.io/use": self.label}}, "data": data}

    async def learn(self, site: CachedSite) -> str | None:
        assert site.user_tls_secret is not None
        return await self.ca_bundles.get(site, site.user_tls_secret)

    async def reason(self, site: CachedSite) -> str:
        with pytest.raises(CaBundleUnusableError) as caught:
            await self.learn(site)
        assert await self.problems(site) == [caught.value.problem]
        return caught.value.problem.reason

    async def recheck_seconds(self, site: CachedSite) -> int:
        """Check the site once it is due; return how often a change was reported."""
        self.now += LOOK_AGAIN
        before = len(self.changed)
        await self.problems(site)
        return len(self.changed) - before

    async def problems(self, site: CachedSite) -> list[Problem]:
        """Return what the site's own pass reports."""
        problem = await self.ca_bundles.problem(site)
        return [] if problem is None else [problem]


def hall(secret: str | None = "tls", uid: str = "uid", kind: str = "Managed") -> CachedSite:
    managed = {} if secret is None else {"managed": {"tls": {"secretRef": {"name": secret}}}}
    metadata = {"namespace": "ns", "name": "hall", "uid": uid, "generation": 1, "resourceVersion": "1"}
    return CachedSite({"metadata": metadata, "spec": {"broker": {"type": kind, **managed}}})


async def test_what_was_read_is_good_for_a_while_and_read_once_for_all_that_ask() -> None:
    place = Place({"tls": FIRST})
    assert set(await asyncio.gather(*(place.learn(hall()) for _ in range(20)))) == {FIRST}
    assert (place.reads, place.changed) == (1, [])
    place.secrets["tls"] = SECOND
    assert await place.learn(hall()) == FIRST
    assert await place.recheck_seconds(hall()) == 1
    assert await place.learn(hall()) == SECOND
    assert await place.recheck_seconds(hall()) == 0


async def test_certificate_without_the_label_is_not_used_and_the_message_says_how_to_label_it() -> None:
    place = Place({"tls": FIRST}, label="yes")
    assert await place.reason(hall()) == reasons.CERTIFICATE_NOT_ALLOWED
    assert [each.message for each in await place.problems(hall())] == [
        (
            "Secret ns/tls, which broker.managed.tls of the EdgeSite ns/hall names, does not have the label"
            ' edge-stack.io/use: "true", so that the broker does not receive its certificate: run kubectl label'
            " secret tls -n ns edge-stack.io/use=true"
        )
    ]
    place.label = "true"
    assert await place.recheck_seconds(hall()) == 1
    assert await place.learn(hall()) == FIRST


async def test_a_much_later_request_gets_the_present_content() -> None:
    """As an operator that led before, and leads again, would."""
    place = Place({"tls": FIRST})
    await place.learn(hall())
    place.secrets["tls"], place.now = SECOND, LOOK_AGAIN
    assert await place.learn(hall()) == SECOND
    assert place.changed == [("ns", "hall")]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("none", reasons.CERTIFICATE_NOT_FOUND),
        (SECRET_WORDS, reasons.CERTIFICATE_INVALID),
        (FIRST.replace("\n", f"\n{SECRET_WORDS}: x\n", 1), reasons.CERTIFICATE_INVALID),
        (FIRST.replace("END CERTIFICATE", f"END {SECRET_WORDS}"), reasons.CERTIFICATE_INVALID),
        (FIRST * (MAX_BYTES // len(FIRST) + 1), reasons.CERTIFICATE_INVALID),
    ],
    ids=["not there", "no PEM", "a line too many", "another end", "too long"],
)
async def test_what_is_out_of_order_is_named_and_mended(text: str, reason: str) -> None:
    place = Place({"tls": text})
    assert await place.reason(hall()) == reason
    (problem,) = await place.problems(hall())
    assert "ns/tls" in problem.message
    assert SECRET_WORDS not in problem.message
    assert place.changed == [("ns", "hall")], "its site is to say so"
    place.secrets["tls"] = FIRST
    assert await place.recheck_seconds(hall()) == 1
    assert (await place.learn(hall()), await place.problems(hall())) == (FIRST, [])
    place.secrets["tls"] = text
    assert await place.recheck_seconds(hall()) == 1
    assert await place.reason(hall()) == reason


async def test_public_authority_is_none() -> None:
    place = Place({"tls": None})
    assert await place.learn(hall()) is None
    assert await place.problems(hall()) == []


@pytest.mark.parametrize("other", [hall("other"), hall(uid="anew")], ids=["another Secret", "another site"])
async def test_nothing_is_taken_over(other: CachedSite) -> None:
    place = Place({"tls": FIRST})
    await place.learn(hall())
    place.secrets = dict.fromkeys(("tls", "other"), SECOND)
    assert await place.learn(other) == SECOND


@pytest.mark.parametrize("without", [hall(None), hall(kind="External")], ids=["the operator's", "external"])
async def test_certificate_that_is_brought_no_more_is_forgotten(without: CachedSite) -> None:
    place = Place({"tls": "garbage"})
    await place.reason(hall())
    assert await place.problems(without) == []
    place.secrets["tls"] = SECOND
    assert await place.learn(hall()) == SECOND


async def test_api_server_that_refuses_leaves_what_is_known() -> None:
    place = Place({"tls": FIRST})
    await place.learn(hall())
    place.refuses = True
    with pytest.raises(ApiError):
        await place.recheck_seconds(hall())
    place.now -= LOOK_AGAIN
    assert await place.learn(hall()) == FIRST
