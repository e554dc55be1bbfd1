"""The certificate of the TLS listener: served, renewed without anybody noticing, never broken."""

import asyncio
import hashlib
import ssl
from functools import partial
from pathlib import Path

import pytest

from tests.edge_broker_agent.certificates import Pair, issue
from tests.edge_broker_agent.conftest import MakePod
from tests.edge_broker_agent.devices import open_device
from tests.edge_broker_agent.logins import SiteLogins
from tests.edge_broker_agent.pod import Pod
from tests.support.processes import eventually

pytestmark = pytest.mark.process


def served(pod: Pod) -> bytes:
    """Return the certificate that the TLS listener shows, in DER."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", pod.broker.layout.mqtts)))


def is_served(pod: Pod, pair: Pair) -> bool:
    """Whether this is the certificate that the TLS listener shows."""
    return served(pod) == ssl.PEM_cert_to_DER_cert(pair.certificate.decode())


def put(pod: Pod, certificate: bytes, key: bytes) -> None:
    """Write the Secret as cert-manager does."""
    name = f"{pod.logins.site}-tls"
    content = {"tls.crt": certificate.decode(), "tls.key": key.decode(), "ca.crt": certificate.decode()}
    pod.logins.put(name, content)


def rejections_reach(pod: Pod, count: int) -> bool:
    """Whether so many contents have been rejected."""
    return pod.agent.metric("edge_broker_rejected_contents_total") == count


@pytest.fixture
def tls_pod(make: MakePod, logins: SiteLogins) -> Pod:
    """A pod with a TLS listener, not started; its Secret has not been written."""
    logins.rotations["d1"] = 0
    logins.write()
    pod = make(TLS_SECRET=f"{logins.site}-tls", START_PATIENCE="500ms")
    conf = Path(pod.broker.layout.config_dir) / "mosquitto.conf"
    pem = pod.auth / "tls.pem"
    conf.write_text(conf.read_text().replace(f"{pod.broker.layout.auth_dir}/tls.pem", str(pem)))
    return pod


async def test_a_renewed_certificate_is_served_and_nobody_is_cut_off(tls_pod: Pod) -> None:
    first, second = issue("first"), issue("second")
    await asyncio.to_thread(put, tls_pod, first.certificate, first.key)
    await asyncio.to_thread(tls_pod.start)
    assert await asyncio.to_thread(is_served, tls_pod, first)
    before = tls_pod.broker_process
    device = await open_device(tls_pod, "d1", first.certificate.decode())
    await asyncio.to_thread(tls_pod.await_reload, lambda: put(tls_pod, second.certificate, second.key))
    assert await asyncio.to_thread(is_served, tls_pod, second)
    await device.send("devices/d1/data", b"{}", 1, retain=False)
    assert not device.lost.done(), "who is connected goes on over the certificate that he was shown"
    await device.close()
    again = await open_device(tls_pod, "d1", second.certificate.decode())
    await again.close()
    assert tls_pod.broker_process == before
    assert (tls_pod.auth / "tls.pem").stat().st_mode & 0o777 == 0o600


def test_what_tls_does_not_take_changes_nothing(tls_pod: Pod) -> None:
    first, other = issue("first"), issue("other")
    put(tls_pod, first.certificate, first.key)
    tls_pod.start()
    before = hashlib.sha256((tls_pod.auth / "tls.pem").read_bytes()).digest()
    bad = ((other.certificate, first.key), (b"garbage", first.key), (first.certificate, b" "))
    for expected, (certificate, key) in enumerate(bad, 1):
        put(tls_pod, certificate, key)
        eventually("it is counted", partial(rejections_reach, tls_pod, expected))
    tls_pod.await_reload(lambda: tls_pod.logins.revoke("d1"))
    assert hashlib.sha256((tls_pod.auth / "tls.pem").read_bytes()).digest() == before
    assert is_served(tls_pod, first)


def test_without_its_certificate_mosquitto_is_not_started(tls_pod: Pod) -> None:
    tls_pod.agent.start()
    eventually("it says what is missing", lambda: "TLS_SECRET" in tls_pod.agent.get("/ready")[1])
    pair = issue("late")
    put(tls_pod, pair.certificate, pair.key)
    tls_pod.agent.await_ready()
    tls_pod.start_broker()
    assert is_served(tls_pod, pair)
