"""The configuration of the managed broker: mosquitto.conf and its access rules."""

from edge_operator.api.quantity import parse_quantity
from edge_operator.desired import components, defaults
from edge_operator.desired.config_map.mosquitto import BrokerLayout, QueueLimits, access_file, mosquitto_conf
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.metadata import child_name, metadata

CONF_KEY = "mosquitto.conf"
ACL_KEY = "acl"


def broker_config_map(site: SiteInput) -> Manifest | None:
    """Return the ConfigMap; None when the user runs the broker."""
    managed, component = components.managed_broker(site), components.mqtt(site)
    if managed is None or component is None:
        return None
    conf = mosquitto_conf(BrokerLayout(), QueueLimits.within(_memory_limit(component)))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(site, components.MQTT, child_name(site, components.MQTT)),
        "data": {CONF_KEY: conf, ACL_KEY: access_file(managed.clients or ())},
    }


def _memory_limit(component: components.Component) -> int:
    """Return the memory of the broker in bytes; the default limit if the spec removes the limit."""
    usual = defaults.RESOURCES[components.MQTT].limits or {}
    limits = {**usual, **(component.resources.limits or {})}
    return int(parse_quantity(limits["memory"]))
