"""The configuration of the managed broker: mosquitto.conf and its access rules."""

from edge_operator.api.broker import ManagedBroker
from edge_operator.api.quantity import parse_quantity
from edge_operator.desired import components, defaults
from edge_operator.desired.config_map.mosquitto import BrokerLayout, QueueLimits, access_file, mosquitto_conf
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata

CONF_KEY = "mosquitto.conf"
ACL_KEY = "acl"


def broker_config_map(site: SiteInput) -> Manifest | None:
    """Return the ConfigMap; None when the user runs the broker."""
    managed = components.managed_broker(site)
    if managed is None:
        return None
    conf = mosquitto_conf(BrokerLayout(), QueueLimits.within(_memory_limit(managed)))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(site, components.MQTT, child_name(site, components.MQTT)),
        "data": {CONF_KEY: conf, ACL_KEY: access_file(managed.clients or ())},
    }


def _memory_limit(managed: ManagedBroker) -> int:
    usual = defaults.RESOURCES[components.MQTT]
    limits = {**(usual.limits or {}), **((managed.resources or usual).limits or {})}
    return int(parse_quantity(limits["memory"]))
