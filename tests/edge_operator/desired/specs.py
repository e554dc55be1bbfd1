"""Random specs, such as the API server would let through."""

from typing import Any

from hypothesis import strategies as st

NAME = st.from_regex(r"[a-z]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True)
SITE_NAME = st.from_regex(r"[a-z]([-a-z0-9]{0,43}[a-z0-9])?", fullmatch=True)
IMAGE = st.sampled_from(["x", "r.example.com:5000/a/b:1.0", "b@sha256:" + "0" * 64])
QUANTITY = st.sampled_from(["10Gi", "512Mi", 4096, "1e9", "1.5Gi", "8E"])
RESOURCES = st.sampled_from(
    [{}, {"limits": {"memory": "1Gi"}}, {"requests": {"cpu": 1}}, {"limits": {"memory": 65536, "cpu": "500m"}}]
)
DURATION = st.sampled_from(["1s", "300s", "1h30m"])
PORT = st.integers(1, 65535)
LEVEL = st.from_regex(r"[a-zA-Z0-9_%ü$]{1,6}", fullmatch=True)
TOPIC_FILTER = st.builds(
    lambda first, rest, end: "/".join([first, *rest]) + end,
    LEVEL.filter(lambda level: level[0] != "$" and level != "edge"),
    st.lists(LEVEL | st.just("+"), max_size=3),
    st.sampled_from(["", "/#"]),
)


def reference(name: str) -> st.SearchStrategy[dict[str, str]]:
    """Return a reference to a Secret of the user."""
    return st.just({"name": name})


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return objects with any of `fields`."""
    return st.fixed_dictionaries({}, optional=fields)


CLIENT = st.fixed_dictionaries(
    {"name": st.from_regex(r"x[-a-z0-9]{0,38}[a-z0-9]", fullmatch=True)},
    optional={
        "subscribe": st.lists(TOPIC_FILTER, max_size=3, unique=True),
        "publish": st.lists(TOPIC_FILTER, max_size=3, unique=True),
    },
)
MANAGED = some(
    image=IMAGE,
    storage=some(data=QUANTITY, log=QUANTITY),
    resources=RESOURCES,
    tls=st.fixed_dictionaries({"secretRef": reference("broker-tls")}),
    clients=st.lists(CLIENT, max_size=4, unique_by=lambda client: client["name"]),
)
EXTERNAL = st.fixed_dictionaries(
    {"url": st.sampled_from(["mqtt://b", "tcp://b:1883", "mqtts://[::1]:9", "mqtts://b.example.com"])},
    optional={
        "topicPrefix": st.sampled_from(["", "a/b/"]),
        "credentialsSecretRef": reference("mine"),
        "credentialsSecretRefs": some(operator=reference("op"), gateway=reference("gw"), processor=reference("proc")),
        "caSecretRef": reference("ca"),
    },
)
BROKER = some(managed=MANAGED) | st.fixed_dictionaries(
    {"type": st.just("External"), "external": EXTERNAL}, optional={"managed": MANAGED}
)
GATEWAY = some(
    replicas=st.integers(0, 32),
    image=IMAGE,
    resources=RESOURCES,
    service=some(
        type=st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer"]),
        annotations=st.dictionaries(NAME, NAME, max_size=2),
        nodePorts=some(http=PORT, https=PORT, mqtt=PORT, mqtts=PORT, coap=PORT),
    ),
    coap=some(security=st.sampled_from(["Oscore", "None"])),
    tls=st.fixed_dictionaries({"secretRef": reference("gateway-tls")}),
    allowPlaintextCredentials=st.booleans(),
)
RULE = st.fixed_dictionaries(
    {"name": NAME, "sensorType": st.text(min_size=1, max_size=64), "above": st.sampled_from([80, "-1.5"])},
    optional={"clear": st.just(1), "for": DURATION, "severity": st.sampled_from(["Info", "Critical"])},
)
FORWARDING = st.fixed_dictionaries(
    {"sensorType": st.text(min_size=1, max_size=64)},
    optional={"deadband": st.sampled_from([0, "0.5"]), "minInterval": DURATION, "maxInterval": DURATION},
)
KAFKA = st.fixed_dictionaries(
    {"brokers": st.lists(st.sampled_from(["k:9092", "k2:9092", "10.0.0.1:1"]), min_size=1, unique=True)},
    optional={"credentialsSecretRef": reference("kafka-login"), "caSecretRef": reference("kafka-ca")},
)
PROCESSOR = some(
    replicas=st.integers(0, 32),
    image=IMAGE,
    resources=RESOURCES,
    kafka=KAFKA,
    rules=st.lists(RULE, max_size=3, unique_by=lambda rule: rule["name"]),
)
STORAGE = some(
    image=IMAGE,
    resources=RESOURCES,
    size=QUANTITY,
    storageClassName=NAME,
    syncInterval=DURATION,
    retention=some(maxAge=DURATION, maxSize=QUANTITY),
    reclaimPolicy=st.sampled_from(["Retain", "Delete"]),
)
SCHEDULING = some(
    profile=st.sampled_from(["SingleNode", "MultiNode"]),
    nodeSelector=st.dictionaries(NAME, NAME, max_size=2),
    tolerations=st.lists(st.sampled_from([{"operator": "Exists"}, {"key": "k", "tolerationSeconds": 0}]), max_size=2),
    priorityClassName=NAME,
)
SPEC = some(
    location=st.text(min_size=1, max_size=253),
    cloud=st.fixed_dictionaries(
        {"endpoint": st.sampled_from(["https://c", "mqtts://c:1", "https://c:444/x"])},
        optional={
            "credentialsSecretRef": reference("cloud-login"),
            "caSecretRef": reference("cloud-ca"),
            "proxy": st.fixed_dictionaries(
                {"url": st.sampled_from(["http://p", "https://p:3128"])},
                optional={"noProxy": st.lists(NAME, max_size=2, unique=True)},
            ),
        },
    ),
    alerting=some(
        alertmanager=st.fixed_dictionaries({"url": st.sampled_from(["http://a:9093", "https://a/x"])}),
        webhook=st.fixed_dictionaries({"url": st.sampled_from(["http://h", "https://h/x?y=1"])}),
        credentialsSecretRef=reference("alerting-login"),
        caSecretRef=reference("alerting-ca"),
    ),
    forwarding=st.lists(FORWARDING, max_size=3, unique_by=lambda each: each["sensorType"]),
    broker=BROKER,
    gateway=GATEWAY,
    processor=PROCESSOR,
    storage=STORAGE,
    scheduling=SCHEDULING,
    imagePullSecrets=st.lists(st.just({"name": "pull"}), max_size=1),
    podMetadata=some(
        labels=st.dictionaries(NAME | st.just("app.kubernetes.io/instance"), NAME, max_size=3),
        annotations=st.dictionaries(NAME, NAME, max_size=3),
    ),
    paused=st.booleans(),
)
"""Specs of an EdgeSite; the Secrets they name are those of `invariants.USERS_SECRETS`."""
