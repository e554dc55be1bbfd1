"""A site that is deleted and created again while the operator is down: it waits for the end of its old children."""

from tests.support.processes import OperatorProcess, eventually
from tests.support.sites import Sites
from tests.support.writes import OperatorWrites

COLLECTED_SECONDS = 90
"""The garbage collector looks for new kinds of owner every 30 s."""


def test_old_children_are_waited_for(sites: Sites, operator: OperatorProcess, writes: OperatorWrites) -> None:
    name = "phoenix"
    sites.apply(name)
    sites.await_reconciled(name)
    before = sites.children(name)
    operator.stop()
    sites.delete(name)
    sites.apply(name, {"paused": False})
    writes.restart()
    operator.start().await_leading()

    def renewed() -> bool:
        uid = sites.get(name)["metadata"]["uid"]
        owners = {
            owner["uid"]
            for obj in sites.children(name).values()
            for owner in obj["metadata"].get("ownerReferences", ())
        }
        return set(sites.children(name)) == set(before) and owners == {uid}

    eventually("every child is the new site's", renewed, COLLECTED_SECONDS)
    after = sites.children(name)
    for key, obj in before.items():
        kept = not obj["metadata"].get("ownerReferences")
        assert (after[key]["metadata"]["uid"] == obj["metadata"]["uid"]) is kept, key
        if key[0] == "Secret":
            assert after[key]["data"] == obj["data"]
    sites.settle(name)
    each = {f"{count} x {child}" for child, count in writes.to_children().items() if count > 1}
    assert not each, "each child is written once: nothing was fought over"
    assert not any(child.startswith("persistentvolumeclaims/") for child in writes.to_children())
    assert not any(event.code >= 400 for event in writes.all() if event.resource != "edgesites")
    assert sites.condition(name, "Stalled") == {}
