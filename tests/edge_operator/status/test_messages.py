"""The conditions word for word: what `kubectl describe` shows to people."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from edge_operator.status.conditions import evaluate
from edge_operator.status.connectivity import CONNECTED
from edge_operator.status.device import DeviceFacts
from edge_operator.status.device import evaluate as say_of_device
from edge_operator.status.dropped_messages import DroppedMessages
from edge_operator.status.facts import BrokerFacts, ComponentFacts, Notice, Problem, SiteFacts, TopicFacts
from edge_wire.messages import DataLost, StorageReport
from edge_wire.messages.sinks import SinkReport

GATEWAY = ComponentFacts("gateway", "i", 3, 3, rolled_out=True)
PROCESSOR = ComponentFacts("processor", "i", 2, 0)
STORAGE = ComponentFacts("storage", "i", 1, 0)
NO_GATEWAY = ComponentFacts("gateway", "i", 0, 0, rolled_out=True)
UP_STORAGE = ComponentFacts("storage", "i", 1, 1, rolled_out=True)
NO_MQTT = ComponentFacts("mqtt", "i", 1, 0)
REFUSED = ComponentFacts("mqtt", "i", 1, 0, failure="exceeded quota")
WELL = SiteFacts(3, components=(GATEWAY,))
CONNECTED_TO = BrokerFacts(connected=True, message="connected to mqtt://a:1884")
DROPPED_AT = datetime(2026, 11, 30, 12, tzinfo=UTC)
ALL_ROLLED_OUT = "all components are rolled out"
DROPPED = (
    ": a client's queue was full, because it reads too slowly or not at all; find the client in the broker's log, or"
    " give the broker more memory (spec.broker.managed.resources)"
)

NOON, MORNING = datetime(2026, 11, 30, 12, tzinfo=UTC), datetime(2026, 11, 30, 9, tzinfo=UTC)
FOUND = (
    "was found damaged at 2026-11-30T12:00:00.000Z: it ends{}; messages that were queued or retained may be lost:"
    " repeat commands without an acknowledgement, and check the storage under the broker's volume"
)

KEPT, NOTHING_KEPT = FOUND.format(" (the broker's volume has it as db.1)"), FOUND.format("")

CLOUD = SinkReport("cloud", connected=True)
KEPT_READINGS = "the readings are kept in the store and delivered later"


def reported(*sinks: SinkReport) -> SiteFacts:
    """Return the facts of a site with these sinks."""
    return replace(WELL, sinks=tuple(each.name for each in sinks), topics=TopicFacts(sinks=sinks))


REPORTED = reported(CLOUD)

SITE: dict[str, tuple[SiteFacts, str, str]] = {
    "rolled out": (WELL, "Ready", f"True Reconciled: {ALL_ROLLED_OUT}"),
    "paused": (
        replace(WELL, paused=True),
        "Ready",
        f"True Paused: {ALL_ROLLED_OUT}; the operator changes nothing while the site is paused",
    ),
    "changes wait": (
        replace(WELL, paused=True, pending_changes=("Service a/b", "Secret a/c")),
        "Ready",
        "False Paused: changes are applied when spec.paused is false: Service a/b, Secret a/c",
    ),
    "changes of a site that goes on": (
        replace(WELL, pending_changes=("Service a/b",)),
        "Ready",
        f"True Reconciled: {ALL_ROLLED_OUT}",
    ),
    "leaving": (
        replace(WELL, terminating=("Service a/b",)),
        "Ready",
        "False WaitingForDeletion: still being deleted: Service a/b",
    ),
    "pods refused": (
        replace(WELL, components=(GATEWAY, REFUSED)),
        "Ready",
        "False PodsRefused: the pods of mqtt are refused: exceeded quota\nnot rolled out yet: mqtt (0/1 ready)",
    ),
    "nothing looked at": (
        replace(WELL, components=()),
        "Ready",
        "False ComponentsNotReady: the components were not observed yet",
    ),
    "rolling": (
        replace(WELL, components=(GATEWAY, PROCESSOR, STORAGE)),
        "Ready",
        "False ComponentsNotReady: not rolled out yet: processor (0/2 ready), storage (0/1 ready)",
    ),
    "a new pod beside the old one": (
        replace(WELL, components=(GATEWAY, replace(PROCESSOR, ready=2, old=1))),
        "Ready",
        "False ComponentsNotReady: not rolled out yet: processor (old 1, new 1 of 2 ready)",
    ),
    "no pod is ready, neither old nor new": (
        replace(WELL, components=(replace(PROCESSOR, ready=0, old=2),)),
        "Ready",
        "False ComponentsNotReady: not rolled out yet: processor (old 2, new 0 of 2 ready)",
    ),
    "everything at once": (
        replace(
            WELL,
            problems=(Problem("Invalid", "Secret a/b is refused"),),
            terminating=("Service a/b",),
            pods=(Problem("ImageUnavailable", "gateway: no image", lasting=False),),
            components=(REFUSED,),
        ),
        "Ready",
        (
            "False Invalid: Secret a/b is refused\nstill being deleted: Service a/b\nthe pods of mqtt are refused:"
            " exceeded quota\ngateway: no image\nnot rolled out yet: mqtt (0/1 ready)"
        ),
    ),
    "with notices": (
        replace(WELL, notices=(Notice("A", "first"), Notice("B", "second"))),
        "Ready",
        f"True Reconciled: {ALL_ROLLED_OUT}\nfirst\nsecond",
    ),
    "reconciling": (
        replace(WELL, components=(PROCESSOR,)),
        "Reconciling",
        "True ComponentsNotReady: not rolled out yet: processor (0/2 ready)",
    ),
    "available": (WELL, "Available", "True ComponentsAvailable: every component has a pod that is ready"),
    "available without a gateway": (
        replace(WELL, components=(NO_GATEWAY, UP_STORAGE)),
        "Available",
        "True ComponentsAvailable: every component has a pod that is ready; scaled to 0 by the spec: gateway",
    ),
    "not available": (
        replace(WELL, components=(GATEWAY, PROCESSOR, STORAGE)),
        "Available",
        "False ComponentsUnavailable: no pod is ready of: processor, storage",
    ),
    "availability not known": (
        replace(WELL, components=()),
        "Available",
        "Unknown NotObserved: the components were not observed: see the condition Ready",
    ),
    "broker not asked": (
        WELL,
        "BrokerConnected",
        "Unknown NotObserved: the operator has not connected to the broker yet",
    ),
    "broker connected": (
        replace(WELL, broker=CONNECTED_TO),
        "BrokerConnected",
        "True Connected: connected to mqtt://a:1884",
    ),
    "broker away": (
        replace(WELL, broker=BrokerFacts(connected=False, message="no route")),
        "BrokerConnected",
        "False BrokerUnreachable: no route",
    ),
    "broker without a pod": (
        replace(WELL, components=(GATEWAY, NO_MQTT), broker=BrokerFacts(connected=False, message="no route")),
        "BrokerConnected",
        "False BrokerUnreachable: the broker has no ready pod: see the condition Available",
    ),
    "broker that goes on without a ready pod": (
        replace(WELL, components=(GATEWAY, NO_MQTT), broker=CONNECTED_TO),
        "BrokerConnected",
        "True Connected: connected to mqtt://a:1884",
    ),
    "login refused by a broker without a ready pod": (
        replace(WELL, components=(NO_MQTT,), broker=BrokerFacts(connected=False, message="no", refused=True)),
        "BrokerConnected",
        "False BrokerRefused: no",
    ),
    "session taken over": (
        replace(WELL, broker=BrokerFacts(connected=False, message="taken over", contended=True)),
        "BrokerConnected",
        (
            "False SessionContended: other clients take the operator's session over again and again, because the broker"
            " ties the client id to the login: let the broker accept several client ids with one login, or give each"
            " component a login of its own (spec.broker.external.credentialsSecretRefs)"
        ),
    ),
    "broker drops": (
        replace(WELL, broker=CONNECTED_TO, topics=TopicFacts(dropping_seconds=1.0)),
        "BrokerDropping",
        f"True QueueFull: the broker dropped messages within the last minutes{DROPPED}",
    ),
    "broker dropped so many": (
        replace(WELL, broker=CONNECTED_TO, topics=TopicFacts(1.0, DroppedMessages(52_892, MORNING, NOON))),
        "BrokerDropping",
        f"True QueueFull: {DroppedMessages(52_892, MORNING, NOON).text()}{DROPPED}",
    ),
    "store full": (
        replace(WELL, topics=TopicFacts(storage=StorageReport(problem="disk full"))),
        "StorageFull",
        "True StoreNotWritable: the store accepts no readings: disk full",
    ),
    "readings dropped": (
        replace(WELL, topics=TopicFacts(storage=StorageReport(dropped_readings=7, dropped_at=DROPPED_AT))),
        "ReadingsDropped",
        (
            "True DeletedUnforwarded: 7 readings were deleted before they were forwarded, the last at"
            " 2026-11-30T12:00:00.000Z: restore the connection to the sinks, or raise spec.storage.size and"
            " spec.storage.retention.maxSize"
        ),
    ),
    "database set aside": (
        replace(WELL, topics=TopicFacts(storage=StorageReport(set_aside="edge.db.corrupt-1"))),
        "StorageDataLost",
        (
            "True DatabaseSetAside: the store's database was damaged and set aside as edge.db.corrupt-1 on its volume;"
            " the newest readings in it are missing: copy the file if you want to examine it, then delete it to clear"
            " this condition"
        ),
    ),
    "broker lost data": (
        replace(WELL, broker=CONNECTED_TO, topics=TopicFacts(data_lost=DataLost("it ends", NOON, MORNING, "db.1"))),
        "BrokerDataLost",
        f"True DatabaseDamaged: the broker's database, last saved at 2026-11-30T09:00:00.000Z, {KEPT}",
    ),
    "broker lost its whole database": (
        replace(WELL, broker=CONNECTED_TO, topics=TopicFacts(data_lost=DataLost("it ends", NOON))),
        "BrokerDataLost",
        f"True DatabaseDamaged: the broker's database {NOTHING_KEPT}",
    ),
    "no cloud": (WELL, "CloudConnected", "False NotConfigured: spec.cloud is not set: readings stay on site"),
    "cloud not reported": (
        replace(WELL, sinks=("cloud",)),
        "CloudConnected",
        "Unknown NotObserved: the processor has not reported on the cloud yet",
    ),
    "no processor": (
        replace(REPORTED, components=(replace(PROCESSOR, desired=0),)),
        "CloudConnected",
        "Unknown ProcessorNotRunning: spec.processor.replicas is 0: nothing is forwarded to the cloud",
    ),
    "no processor is ready": (
        replace(REPORTED, topics=replace(REPORTED.topics, processor_absent=True)),
        "CloudConnected",
        (
            "Unknown ProcessorNotRunning: no processor runs: nothing is forwarded to the cloud: check the pods of the"
            " processor"
        ),
    ),
    "cloud connected": (REPORTED, "CloudConnected", "True Connected: connected to the cloud; no reading waits"),
    "cloud connected, with a backlog": (
        reported(replace(CLOUD, pending=2, oldest_pending_time=NOON, dead_letters=3)),
        "CloudConnected",
        (
            "True Connected: connected to the cloud; 2 readings wait, the oldest since 2026-11-30T12:00:00Z; 3 dead"
            " letters"
        ),
    ),
    "cloud away": (
        reported(SinkReport("cloud", connected=False, pending=1, oldest_pending_time=NOON, last_error="no route")),
        "CloudConnected",
        (
            "False CloudUnreachable: cannot deliver to the cloud: no route; 1 reading waits, the oldest since"
            f" 2026-11-30T12:00:00Z: check spec.cloud and the network; {KEPT_READINGS}"
        ),
    ),
    "cloud never reached": (
        reported(SinkReport("cloud", connected=False)),
        "CloudConnected",
        (
            "False CloudUnreachable: cannot deliver to the cloud: no attempt has succeeded; no reading waits: check"
            f" spec.cloud and the network; {KEPT_READINGS}"
        ),
    ),
    "Secret of the cloud missing": (
        replace(reported(replace(CLOUD, connected=False)), sink_problems={"cloud": "no Secret: create it"}),
        "CloudConnected",
        "False SinkSecretUnusable: no Secret: create it",
    ),
    "Secret of the cloud missing, before the first report": (
        replace(WELL, sinks=("cloud",), sink_problems={"cloud": "no Secret: create it"}),
        "CloudConnected",
        "False SinkSecretUnusable: no Secret: create it",
    ),
    "Secret that the cloud does not need": (
        replace(REPORTED, sink_problems={"cloud": "no Secret: create it"}),
        "CloudConnected",
        "True Connected: connected to the cloud; no reading waits",
    ),
    "Kafka away": (
        reported(SinkReport("kafka", connected=False, last_error="no broker answers")),
        "KafkaConnected",
        (
            "False KafkaUnreachable: cannot deliver to Kafka: no broker answers; no reading waits: check"
            f" spec.processor.kafka and the network; {KEPT_READINGS}"
        ),
    ),
    "Kafka connected": (
        reported(SinkReport("kafka", connected=True)),
        "KafkaConnected",
        "True Connected: connected to Kafka; no reading waits",
    ),
}


@pytest.mark.parametrize(("facts", "condition_type", "text"), SITE.values(), ids=SITE)
def test_condition_of_a_site(facts: SiteFacts, condition_type: str, text: str) -> None:
    said = evaluate(facts)[condition_type]
    assert f"{said.status} {said.reason}: {said.message}" == text


def test_kafka_has_a_condition_only_if_it_is_configured() -> None:
    kafka = SinkReport("kafka", connected=True)
    assert "KafkaConnected" not in evaluate(replace(reported(kafka), sinks=("cloud",)))
    assert "KafkaConnected" in evaluate(replace(WELL, sinks=("kafka",)))


DEVICE_WELL = DeviceFacts(3, "d1", secret_name="d1-device-credentials", host="edge.example.com")
IDENTITY = "the site exists and the identifier belongs to this device"
DEVICE: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "issued": (
        {},
        {
            "Ready": f"True Reconciled: {IDENTITY}",
            "CredentialsReady": "True CredentialsIssued: the login is in the Secret d1-device-credentials",
        },
    ),
    "inside the cluster only": (
        {"in_cluster_only": True, "host": "a-gateway.ns.svc"},
        {
            "Ready": f"True Reconciled: {IDENTITY}",
            "CredentialsReady": "True InClusterOnly: the login is in the Secret d1-device-credentials; its host"
            " a-gateway.ns.svc can be reached only inside the cluster: set gateway.service.externalAddress of the site"
            " for devices outside",
        },
    ),
    "password that the user brings": (
        {"user_password": True, "secret_name": "mine", "in_cluster_only": True},
        {
            "Ready": f"True Reconciled: {IDENTITY}",
            "CredentialsReady": "True ExistingSecret: the password is that of the Secret mine",
        },
    ),
    "external broker": (
        {"managed_broker": False, "terminating": ("Secret ns/x",)},
        {
            "Ready": "False WaitingForDeletion: still being deleted: Secret ns/x",
            "CredentialsReady": (
                "Unknown ExternalBroker: the site's broker is external: create the login of this device on that broker;"
                " edge-stack issues none"
            ),
            "Reconciling": "True WaitingForDeletion: still being deleted: Secret ns/x",
        },
    ),
    "old Secret leaving": (
        {"terminating": ("Secret ns/x", "Secret ns/y"), "user_password": True},
        {
            "Ready": "False WaitingForDeletion: still being deleted: Secret ns/x, Secret ns/y",
            "CredentialsReady": "False WaitingForDeletion: still being deleted: Secret ns/x, Secret ns/y",
            "Reconciling": "True WaitingForDeletion: still being deleted: Secret ns/x, Secret ns/y",
        },
    ),
    "a problem that stays": (
        {"problems": (Problem("SiteNotFound", "no EdgeSite ns/a"),), "managed_broker": False},
        {
            "Ready": "False SiteNotFound: no EdgeSite ns/a",
            "CredentialsReady": "False SiteNotFound: no EdgeSite ns/a",
            "Stalled": "True SiteNotFound: no EdgeSite ns/a",
        },
    ),
}


@pytest.mark.parametrize(("change", "texts"), DEVICE.values(), ids=DEVICE)
def test_conditions_of_a_device(change: dict[str, Any], texts: dict[str, str]) -> None:
    said = say_of_device(replace(DEVICE_WELL, **change))
    assert {
        condition_type: f"{each.status} {each.reason}: {each.message}" for condition_type, each in said.items()
    } == texts


LIFE = {
    "HeartbeatReceived": "True: the device sends messages",
    "Disconnected": "False: the device disconnected in good order",
    "LastWill": "False: the broker lost the connection to the device: check its power and its network",
    "HeartbeatExpired": "False: no message of the device arrived for offlineAfter",
    "SiteUnreachable": "Unknown: the operator is not connected to the site's broker: see the site's condition"
    " BrokerConnected",
    "BrokerRestarted": "Unknown: the only data of the device are from before the operator or the broker started: wait"
    " for its next heartbeat",
    "NotYetSeen": "Unknown: no message of the device has ever arrived: give it its login and start it",
    "CredentialsPending": "Unknown: the device has no login yet: see the condition CredentialsReady",
    "Disabled": "False: spec.disabled is true: the broker and the gateway reject the device",
}


def test_condition_connected_of_each_reason() -> None:
    assert {reason: f"{said.status}: {said.message}" for reason, said in CONNECTED.items()} == LIFE
