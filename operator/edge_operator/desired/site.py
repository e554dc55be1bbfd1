"""Builds all objects of a site, in the order in which they are applied."""

from collections.abc import Iterable

from edge_operator.desired import components
from edge_operator.desired.config_map.broker import broker_config_map
from edge_operator.desired.config_map.rules import rules_config_map
from edge_operator.desired.deployment.broker import broker_deployment
from edge_operator.desired.deployment.gateway import gateway_deployment
from edge_operator.desired.deployment.processor import processor_deployment
from edge_operator.desired.deployment.storage import storage_deployment
from edge_operator.desired.disruption_budget import disruption_budget
from edge_operator.desired.inputs import Manifest, SiteInput
from edge_operator.desired.network_policy.broker import broker_policy
from edge_operator.desired.network_policy.gateway import gateway_policy
from edge_operator.desired.network_policy.processor import processor_policy
from edge_operator.desired.network_policy.storage import storage_policy
from edge_operator.desired.role import role
from edge_operator.desired.role_binding import role_binding
from edge_operator.desired.secret.api_token import api_token
from edge_operator.desired.secret.api_tokens import api_tokens, named_tokens
from edge_operator.desired.secret.broker_auth import broker_auth
from edge_operator.desired.secret.broker_tls import broker_tls
from edge_operator.desired.secret.client import clients
from edge_operator.desired.secret.cloud_token import cloud_token
from edge_operator.desired.secret.credentials import credentials
from edge_operator.desired.service.broker import broker_service
from edge_operator.desired.service.broker_internal import broker_internal_service
from edge_operator.desired.service.gateway import gateway_service
from edge_operator.desired.service.processor import processor_service
from edge_operator.desired.service.storage import storage_service
from edge_operator.desired.service_account import service_account
from edge_operator.desired.volume_claim import mqtt_data, mqtt_log, storage_data

__all__ = ["SiteInput", "desired_objects"]

OWN_PROGRAMS = (components.GATEWAY, components.PROCESSOR, components.STORAGE)


def desired_objects(site: SiteInput) -> list[Manifest]:
    """Return every child of the site, in the order of `kinds.CHILD_KINDS`; the root Secret is not among them.

    Raises:
        ValueError: a part of the spec cannot be rendered; the message names it and the valid values.
    """
    return [manifest for manifest in _children(site) if manifest is not None]


def _children(site: SiteInput) -> Iterable[Manifest | None]:
    present = components.components(site)
    yield from (service_account(site, component) for component in present)
    yield from (role(site), role_binding(site))
    yield from (gateway_policy(site), processor_policy(site), storage_policy(site), broker_policy(site))
    yield from (credentials(site, component) for component in (*OWN_PROGRAMS, components.MQTT))
    yield from (api_token(site), *named_tokens(site), api_tokens(site))
    yield from (cloud_token(site), *broker_auth(site), broker_tls(site), *clients(site))
    yield from (rules_config_map(site), broker_config_map(site))
    yield from (storage_data(site), mqtt_data(site), mqtt_log(site))
    yield from (gateway_service(site), processor_service(site))
    yield from (storage_service(site), broker_service(site), broker_internal_service(site))
    yield from (gateway_deployment(site), processor_deployment(site), storage_deployment(site))
    yield broker_deployment(site)
    yield from (disruption_budget(site, component) for component in present)
