"""mosquitto.conf, its limits, and what goes beside it."""

from typing import Any

import pytest

from edge_operator.desired.config_map.mosquitto import BrokerLayout, QueueLimits, mosquitto_conf
from edge_operator.desired.site import desired_objects
from tests.edge_operator.desired.sites import FULL, children, make_site

MIB = 1024**2


def sections(text: str) -> dict[str, dict[str, list[str]]]:
    """Return the options by listener; those before the first listener under ''."""
    found: dict[str, dict[str, list[str]]] = {"": {}}
    current = ""
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        option, _, value = line.partition(" ")
        if option == "listener":
            current = value
            assert current not in found
            found[current] = {}
        else:
            found[current].setdefault(option, []).append(value)
    return found


def conf(spec: dict[str, Any] | None = None) -> dict[str, dict[str, list[str]]]:
    return sections(children(spec)["ConfigMap", "mqtt"]["data"]["mosquitto.conf"])


def test_global_options() -> None:
    assert conf()[""] == {
        "allow_anonymous": ["false"],
        "password_file": ["/mosquitto/data/auth/passwords"],
        "acl_file": ["/mosquitto/config/acl"],
        "persistence": ["true"],
        "persistence_location": ["/mosquitto/data/"],
        "autosave_interval": ["10"],
        "persistent_client_expiration": ["14d"],
        "log_dest": ["file /mosquitto/log/mosquitto.log", "stdout"],
        "log_type": ["error", "warning", "notice", "information"],
        "log_timestamp": ["true"],
        "log_timestamp_format": ["%Y-%m-%dT%H:%M:%S%z"],
        "max_packet_size": [str(262144 + 4096)],
        "max_queued_messages": [str(32 * MIB // 500)],
        "max_queued_bytes": [str(32 * MIB)],
        "max_inflight_messages": ["1000"],
        "max_inflight_bytes": [str(8 * MIB)],
        "queue_qos0_messages": ["false"],
        "set_tcp_nodelay": ["true"],
        "sys_interval": ["10"],
    }


DEVICES = {"protocol": ["mqtt"], "use_username_as_clientid": ["true"]}
CERTIFICATE = {
    "certfile": ["/mosquitto/data/auth/tls.pem"],
    "keyfile": ["/mosquitto/data/auth/tls.pem"],
    "tls_version": ["tlsv1.2"],
}
LISTENERS = {
    "1883": DEVICES,
    "9001": DEVICES | {"protocol": ["websockets"]},
    "8883": DEVICES | CERTIFICATE,
    "1884": {"protocol": ["mqtt"]},
}


def test_listeners() -> None:
    listeners = conf()
    del listeners[""]
    assert listeners == LISTENERS


@pytest.mark.parametrize(("spec", "name"), [({}, "factory-mqtt-tls"), (FULL, "broker-tls")])
def test_agent_brings_the_certificate_of_ours_or_of_the_user(spec: dict[str, Any], name: str) -> None:
    found = children(spec)
    (agent,) = found["Deployment", "mqtt"]["spec"]["template"]["spec"]["initContainers"]
    assert {"name": "TLS_SECRET", "value": name} in agent["env"]
    assert name in found["Role", "mqtt"]["rules"][0]["resourceNames"]
    assert (("Secret", "mqtt-tls") in found) is (spec == {})


def test_sensitive_files_are_no_symlinks() -> None:
    mounts = children()["Deployment", "mqtt"]["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    files = {
        each["mountPath"]: each.get("subPath") for each in mounts if each["mountPath"].startswith("/mosquitto/con")
    }
    assert files == {f"/mosquitto/config/{name}": name for name in ("mosquitto.conf", "acl")}


@pytest.mark.parametrize(
    ("limit", "messages", "payload", "inflight"),
    [
        (128 * MIB, 67108, 32 * MIB, 8 * MIB),
        (1024 * MIB, 536870, 256 * MIB, 64 * MIB),
        (1, 1000, 262144, 262144),
        (2**63 - 1, 2**31 - 1, 2**31 - 1, 2**31 - 1),
    ],
)
def test_limits_follow_the_memory(limit: int, messages: int, payload: int, inflight: int) -> None:
    assert QueueLimits.within(limit) == QueueLimits(messages, payload, inflight)


@pytest.mark.parametrize(
    ("resources", "messages"),
    [
        ({"limits": {"memory": "256Mi"}}, 134217),
        ({"limits": {"memory": 268435456}}, 134217),
        ({"limits": {"cpu": 1}}, 67108),
        ({}, 67108),
    ],
)
def test_limits_come_from_the_pod(resources: dict[str, Any], messages: int) -> None:
    spec = {"broker": {"managed": {"resources": resources}}}
    assert conf(spec)[""]["max_queued_messages"] == [str(messages)]


@pytest.mark.parametrize("limit", [128 * MIB, 512 * MIB, 4096 * MIB])
def test_a_full_queue_leaves_room_for_connections(limit: int) -> None:
    limits = QueueLimits.within(limit)
    assert limits.messages * 500 + limits.payload_bytes + limits.inflight_bytes <= limit * 0.6


def test_places_are_parameters() -> None:
    layout = BrokerLayout(mqtt=1, websockets=2, mqtts=3, components=4, data_dir="/d", log_dir="/l", auth_dir="/a")
    moved = sections(mosquitto_conf(layout, QueueLimits(1, 2, 3)))
    assert list(moved) == ["", "1", "2", "3", "4"]
    assert moved[""]["password_file"] == ["/a/passwords"]
    assert moved[""]["persistence_location"] == ["/d/"]


def test_injection_is_refused_by_name() -> None:
    clients = [{"name": "evil", "subscribe": ["a\nuser ~operator"]}]
    with pytest.raises(ValueError, match=r"broker\.managed\.clients\[evil\]\.subscribe"):
        desired_objects(make_site({"broker": {"managed": {"clients": clients}}}))
