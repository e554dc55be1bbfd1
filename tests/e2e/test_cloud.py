"""The demo's cloud: the receiver as a daemon, and the rule that cuts the way to it."""

import json
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cloud import NAME, CloudReceiver, Uplink
from e2e.cluster.keeper import Keeper
from e2e.cluster.teardown import end_daemons

pytestmark = pytest.mark.process
SITE = "demo/plant"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[CloudReceiver]:
    made = CloudReceiver(tmp_path / "cloud", "127.0.0.1")
    made.start()
    yield made
    end_daemons(made.directory, "cloud receiver", print)


def post(cloud: CloudReceiver, offset: int) -> None:
    line = json.dumps({"device_id": "pump-1", "offset": offset}).encode()
    headers = {
        "Authorization": f"Bearer {cloud.secret['token']}",
        "Edge-Site": SITE,
        "Edge-Log-Id": "a",
        "Content-Type": "application/x-ndjson",
    }
    request = urllib.request.Request(f"{cloud.endpoint}/readings", line, headers)
    trust = ssl.create_default_context(cadata=cloud.secret["ca.crt"])
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:
        assert answer.status == 200


def test_what_arrived_is_there_after_a_restart(cloud: CloudReceiver) -> None:
    post(cloud, 7)
    secret, endpoint = cloud.secret, cloud.endpoint
    Keeper(cloud.directory, tied=False).end(NAME, grace=5)
    with pytest.raises(OSError, match="refused"):
        cloud.ask("/stats")
    cloud.start()
    post(cloud, 9)
    assert cloud.offsets(SITE, "pump-1") == {7, 9}
    assert (cloud.secret, cloud.endpoint) == (secret, endpoint)


def test_down_leaves_nothing(cloud: CloudReceiver, capsys: pytest.CaptureFixture[str]) -> None:
    end_daemons(cloud.directory, "cloud receiver", print)
    assert capsys.readouterr().out == "cloud receiver ended\n"
    assert not cloud.directory.exists()


def test_the_rule_that_is_added_is_the_one_that_is_deleted() -> None:
    run: list[tuple[str, ...]] = []
    uplink = Uplink(lambda *command: run.append(command), "10.0.0.1", 8443)
    uplink.cut()
    uplink.restore()
    packets = ("FORWARD", "-d", "10.0.0.1", "-p", "tcp", "--dport", "8443", "-j", "DROP")
    assert run == [("iptables", "-I", *packets), ("iptables", "-D", *packets)]
