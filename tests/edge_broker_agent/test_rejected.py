"""Contents that would break Mosquitto, or are not what the operator writes."""

import asyncio

import pytest

from tests.edge_broker_agent.devices import connected
from tests.edge_broker_agent.pod import Pod
from tests.support.processes import eventually

HASH = "A" * 86 + "=="
GOOD = f"d77:$7$101${'A' * 16}${HASH}\n"

pytestmark = pytest.mark.process


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param({"of": "1", "passwords": "d1:plain\n"}, "line", id="a password in clear"),
        pytest.param({"of": "1", "passwords": f"d1:$7$101$!${HASH}\n"}, "line", id="no base64, at which 2.1 may crash"),
        pytest.param({"of": "1", "passwords": GOOD + GOOD}, "duplicate", id="a user twice"),
        pytest.param({"of": "1", "passwords": GOOD.replace("d77", "~gateway")}, "duplicate", id="a component's name"),
        pytest.param({"of": "one", "passwords": GOOD}, "count", id="no number"),
        pytest.param({"passwords": GOOD}, "missing_key", id="no number of shards"),
        pytest.param({"of": "1"}, "missing_key", id="no passwords"),
    ],
)
async def test_the_old_file_stays_and_the_next_good_content_is_used(
    pod: Pod, content: dict[str, str], reason: str
) -> None:
    before = pod.passwords
    name = f"{pod.logins.index}-0"
    await asyncio.to_thread(pod.logins.put, name, content)
    rejected = f'edge_broker_rejected_contents_total{{reason="{reason}"}} 1.0'
    await asyncio.to_thread(eventually, "it is counted", lambda: rejected in pod.agent.get("/metrics")[1])
    assert pod.passwords == before
    assert name in pod.agent.log.read_text() or "in shard 0" in pod.agent.log.read_text()
    assert "plain" not in pod.agent.log.read_text()
    async with connected(pod, "d1") as (device,):
        await asyncio.to_thread(pod.await_reload, lambda: pod.logins.revoke("d1"))
        async with asyncio.timeout(5):
            await asyncio.shield(device.lost)
    assert pod.broker.alive


def test_a_bad_shard_does_not_hold_up_the_others(pod: Pod) -> None:
    pod.logins.shards = 2
    pod.logins.write()
    device = next(name for name in pod.logins.rotations if pod.logins.shard_of(name) == 1)
    pod.logins.put(f"{pod.logins.index}-0", {"of": "2", "passwords": "garbage\n"})
    pod.await_reload(lambda: pod.logins.revoke(device))
    assert f"\n{device}:".encode() not in pod.passwords


def test_a_deleted_secret_takes_no_login_away(pod: Pod) -> None:
    before = pod.passwords
    pod.logins.core.delete_namespaced_secret(f"{pod.logins.index}-0", pod.logins.namespace)
    pod.logins.core.delete_namespaced_secret(pod.logins.index, pod.logins.namespace)
    eventually("it is noticed", lambda: sum("the Secret does not exist" in line for line in pod.agent.messages()) == 2)
    assert pod.passwords == before
    pod.logins.rotations["new"] = 0
    pod.await_reload(pod.logins.write)
