"""Defaults of fields without one in the CRD, because they may change between releases."""

from types import MappingProxyType

from edge_operator.api.processor import Rule
from edge_operator.api.references import Resources

RESOURCES = MappingProxyType(
    {
        "gateway": Resources(
            requests={"cpu": "100m", "memory": "128Mi"},
            limits={"cpu": "200m", "memory": "256Mi"},
        ),
        "processor": Resources(
            requests={"cpu": "200m", "memory": "256Mi"},
            limits={"cpu": "500m", "memory": "512Mi"},
        ),
        "storage": Resources(
            requests={"cpu": "100m", "memory": "128Mi"},
            limits={"cpu": "200m", "memory": "256Mi"},
        ),
        "mqtt": Resources(
            requests={"cpu": "50m", "memory": "64Mi"},
            limits={"cpu": "100m", "memory": "128Mi"},
        ),
        "broker-agent": Resources(
            requests={"cpu": "10m", "memory": "32Mi"},
            limits={"cpu": "100m", "memory": "64Mi"},
        ),
    }
)
"""CPU and memory by component. Each quantity in the spec replaces the default of its name only."""

RULES = (
    Rule(name="temperature-high", sensor_type="temperature", above=80),
    Rule(name="pressure-high", sensor_type="pressure", above=200000),
    Rule(name="humidity-high", sensor_type="humidity", above=90),
)
"""Alert rules, in the units after conversion: celsius, pascal, percent."""

RETAINED_SHARE_PERCENT = 85
"""Share of the store's volume that readings may fill."""
