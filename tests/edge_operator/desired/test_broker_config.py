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
        "password_file": ["/mosquitto/config/passwords"],
        "acl_file": ["/mosquitto/config/acl"],
        "persistence": ["true"],
        "persistence_location": ["/mosquitto/data/"],
        "autosave_interval": ["60"],
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
LISTENERS = {"1883": DEVICES, "9001": DEVICES | {"protocol": ["websockets"]}, "1884": {"protocol": ["mqtt"]}}
CERTIFICATE = {"certfile": ["/mosquitto/tls/tls.crt"], "keyfile": ["/mosquitto/tls/tls.key"]}


def test_listeners() -> None:
    listeners = conf()
    del listeners[""]
    assert listeners == LISTENERS


def test_tls_listener_needs_a_certificate() -> None:
    listeners = conf(FULL)
    del listeners[""]
    assert listeners == LISTENERS | {"8883": DEVICES | CERTIFICATE}
    volumes = children(FULL)["Deployment", "mqtt"]["spec"]["template"]["spec"]["volumes"]
    assert {"name": "tls", "secret": {"secretName": "broker-tls", "defaultMode": 0o440}} in volumes


def test_sensitive_files_are_no_symlinks() -> None:
    mounts = children()["Deployment", "mqtt"]["spec"]["template"]["spec"]["containers"][0]["volumeMounts"]
    files = {
        each["mountPath"]: each.get("subPath") for each in mounts if each["mountPath"].startswith("/mosquitto/con")
    }
    assert files == {f"/mosquitto/config/{name}": name for name in ("mosquitto.conf", "acl", "passwords")}


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
    layout = BrokerLayout(mqtt=1, websockets=2, mqtts=3, components=4, config_dir="/c", data_dir="/d", log_dir="/l")
    moved = sections(mosquitto_conf(layout, QueueLimits(1, 2, 3), tls=True))
    assert list(moved) == ["", "1", "2", "3", "4"]
    assert moved[""]["password_file"] == ["/c/passwords"]
    assert moved[""]["persistence_location"] == ["/d/"]


def test_injection_is_refused_by_name() -> None:
    clients = [{"name": "evil", "subscribe": ["a\nuser ~operator"]}]
    with pytest.raises(ValueError, match=r"broker\.managed\.clients\[evil\]\.subscribe"):
        desired_objects(make_site({"broker": {"managed": {"clients": clients}}}))
