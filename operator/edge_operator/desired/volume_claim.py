"""The volumes of a site: the store's data, the broker's data and log."""

from edge_operator.api.broker import BrokerStorage
from edge_operator.desired import components
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata, retained_metadata

STORAGE_DATA = "storage-data"
MQTT_DATA = "mqtt-data"
MQTT_LOG = "mqtt-log"

SIZE_FIELDS = {
    STORAGE_DATA: "spec.storage.size",
    MQTT_DATA: "spec.broker.managed.storage.data",
    MQTT_LOG: "spec.broker.managed.storage.log",
}
"""Field with the size of each claim, by the suffix of its name."""


def storage_data(site: SiteInput) -> Manifest:
    """Return the claim of the store's volume."""
    return _claim(site, components.STORAGE, STORAGE_DATA, site.spec.storage.size)


def mqtt_data(site: SiteInput) -> Manifest | None:
    """Return the claim of the broker's sessions and messages; None when the user runs the broker."""
    sizes = _broker_sizes(site)
    return _claim(site, components.MQTT, MQTT_DATA, sizes.data) if sizes else None


def mqtt_log(site: SiteInput) -> Manifest | None:
    """Return the claim of the broker's log; None when the user runs the broker."""
    sizes = _broker_sizes(site)
    return _claim(site, components.MQTT, MQTT_LOG, sizes.log) if sizes else None


def size_field(name: str) -> str:
    """Return the field of the spec with the size of a site's claim, by the name of the claim."""
    return next(field for suffix, field in SIZE_FIELDS.items() if name.endswith(f"-{suffix}"))


def _broker_sizes(site: SiteInput) -> BrokerStorage | None:
    managed = components.managed_broker(site)
    return (managed.storage or BrokerStorage()) if managed else None


def _claim(site: SiteInput, component: str, suffix: str, size: int | str) -> Manifest:
    retained = site.spec.storage.reclaim_policy == "Retain"
    head = (retained_metadata if retained else metadata)(site, component, child_name(site, suffix))
    spec: Manifest = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": str(size)}}}
    storage_class = site.spec.storage.storage_class_name
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": head, "spec": spec}
