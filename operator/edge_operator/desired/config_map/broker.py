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
    managed = components.managed_broker(site)
    if managed is None:
        return None
    conf = mosquitto_conf(BrokerLayout(), QueueLimits.within(_memory_limit(site)))
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(site, components.MQTT, child_name(site, components.MQTT)),
        "data": {CONF_KEY: conf, ACL_KEY: access_file(managed.clients or ())},
    }


def _memory_limit(site: SiteInput) -> int:
    managed = components.managed_broker(site)
    resources = (managed.resources if managed else None) or defaults.RESOURCES[components.MQTT]
    usual = (defaults.RESOURCES[components.MQTT].limits or {})["memory"]
    return int(parse_quantity((resources.limits or {}).get("memory", usual)))
