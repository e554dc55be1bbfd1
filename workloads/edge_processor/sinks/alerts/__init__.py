"""Destinations of alerts by HTTP: Alertmanager and a webhook. Loads aiohttp: import it only if one is configured."""

from edge_processor.sinks.alerts.alertmanager import alertmanager_destination
from edge_processor.sinks.alerts.webhook import webhook_destination

__all__ = ["alertmanager_destination", "webhook_destination"]
