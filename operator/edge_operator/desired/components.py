"""The components that a site's spec asks for, with their replicas and images."""

from dataclasses import dataclass

from edge_operator.api.broker import ManagedBroker
from edge_operator.api.references import Resources
from edge_operator.desired import defaults
from edge_operator.desired.connections import external_broker
from edge_operator.desired.inputs import SiteInput
from edge_operator.desired.resources import effective_resources

GATEWAY = "gateway"
PROCESSOR = "processor"
STORAGE = "storage"
MQTT = "mqtt"


@dataclass(frozen=True, slots=True)
class Component:
    """One component of a site.

    Attributes:
        name: gateway, processor, storage or mqtt.
        replicas: how many pods it should have.
        image: the image in effect.
        resources: the CPU and memory in effect.
        scales: whether it may have more than one pod.
    """

    name: str
    replicas: int
    image: str
    resources: Resources
    scales: bool


def components(site: SiteInput) -> tuple[Component, ...]:
    """Return the components of the site; no broker when the user runs it.

    Raises:
        ValueError: a quantity of resources in the spec cannot be read; the message names it.
    """
    every = (gateway(site), processor(site), storage(site), mqtt(site))
    return tuple(component for component in every if component)


def gateway(site: SiteInput) -> Component:
    """Return the gateway."""
    spec = site.spec.gateway
    image = spec.image or site.release.gateway_image
    return Component(GATEWAY, spec.replicas, image, _resources(GATEWAY, spec.resources), scales=True)


def processor(site: SiteInput) -> Component:
    """Return the processor."""
    spec = site.spec.processor
    image = spec.image or site.release.processor_image
    return Component(PROCESSOR, spec.replicas, image, _resources(PROCESSOR, spec.resources), scales=True)


def storage(site: SiteInput) -> Component:
    """Return the store: one pod, for its volume has one writer."""
    spec = site.spec.storage
    image = spec.image or site.release.storage_image
    return Component(STORAGE, 1, image, _resources(STORAGE, spec.resources), scales=False)


def mqtt(site: SiteInput) -> Component | None:
    """Return the broker; None when the user runs it."""
    spec = managed_broker(site)
    if spec is None:
        return None
    resources = _resources(MQTT, spec.resources, "broker.managed")
    return Component(MQTT, 1, spec.image or site.release.mqtt_image, resources, scales=False)


def managed_broker(site: SiteInput) -> ManagedBroker | None:
    """Return the settings of the broker that the operator runs; None when the user runs it."""
    if external_broker(site):
        return None
    return site.spec.broker.managed or ManagedBroker()


def _resources(name: str, given: Resources | None, field: str | None = None) -> Resources:
    return effective_resources(f"{field or name}.resources", given, defaults.RESOURCES[name])
