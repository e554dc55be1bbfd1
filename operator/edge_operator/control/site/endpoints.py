"""The endpoints of a site, from its Services."""

from collections.abc import Mapping
from typing import Any

from edge_operator.desired.metadata import child_name
from edge_operator.desired.site import SiteInput

PROTOCOLS = ("http", "https", "mqtt", "mqtts")
"""Ports of the Service that have a URL; the scheme of the URL is the name of the port."""


def endpoints(site: SiteInput, gateway_service: Mapping[str, Any]) -> dict[str, str]:
    """Return the URLs of the site's gateway by protocol.

    The host is `gateway.service.externalAddress`, else the load balancer's address, else the name in the cluster.

    Args:
        site: the site.
        gateway_service: spec and status of the gateway's Service; `{}` if it does not exist.
    """
    service = site.spec.gateway.service
    host = service.external_address or balancer_address(gateway_service)
    ports = _ports(gateway_service, node=service.type == "NodePort" and service.external_address is not None)
    inside = f"{child_name(site, 'gateway')}.{site.namespace}.svc"
    return {name: f"{name}://{_bracketed(host or inside)}:{ports[name]}" for name in PROTOCOLS if name in ports}


def balancer_address(service: Mapping[str, Any]) -> str | None:
    """Return the address of a Service's load balancer, from its spec and status; None if it has none."""
    ingress = ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or [{}]
    address: str | None = ingress[0].get("hostname") or ingress[0].get("ip")
    return address


def _ports(service: Mapping[str, Any], *, node: bool) -> dict[str, int]:
    ports = (service.get("spec") or {}).get("ports") or ()
    named = (port for port in ports if "name" in port)
    return {port["name"]: int((port.get("nodePort") if node else None) or port["port"]) for port in named}


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
