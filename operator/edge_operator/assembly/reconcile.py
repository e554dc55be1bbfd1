"""Assembles the reconcilers of sites and of devices."""

import secrets
import time
from collections.abc import Callable, Coroutine
from typing import Any

from edge_operator.broker.sessions import BrokerSessions
from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.clock import wall_clock
from edge_operator.cluster.lease import LeaseGate
from edge_operator.cluster.objects import ObjectClient
from edge_operator.control.apply.applier import Applier
from edge_operator.control.apply.events import Events
from edge_operator.control.apply.field_conflicts import FieldConflicts
from edge_operator.control.apply.refusals import Refusals
from edge_operator.control.apply.status_writer import EDGE_DEVICE, EDGE_SITE, StatusWriter
from edge_operator.control.cache.child_cache import DEVICE, SITE
from edge_operator.control.credentials.connection_info import ConnectionInfoSource
from edge_operator.control.credentials.device_rotations import DeviceRotations
from edge_operator.control.credentials.root_secrets import RootSecrets
from edge_operator.control.credentials.site_secrets import SiteSecrets
from edge_operator.control.credentials.user_ca_bundles import UserCaBundles
from edge_operator.control.credentials.user_certificates import UserCertificates
from edge_operator.control.device.reconciler import DeviceReconciler
from edge_operator.control.liveness.controller import LivenessController
from edge_operator.control.loop.informers import Informers
from edge_operator.control.loop.workers import Workers
from edge_operator.control.site.allowed_hosts import AllowedHosts
from edge_operator.control.site.due_figures import DueFigures
from edge_operator.control.site.observer import SiteObserver
from edge_operator.control.site.plan import Plans
from edge_operator.control.site.reconciler import SiteReconciler
from edge_operator.control.site.revocations import Revocations
from edge_operator.control.site_broker.api_token_publisher import ApiTokenPublisher
from edge_operator.control.site_broker.endpoints import BrokerEndpoints
from edge_operator.control.site_broker.site_topics import SiteTopics
from edge_operator.desired.release import Release
from edge_operator.identity.derive import ROOT_BYTES
from edge_operator.identity.secret_use import SecretUse
from edge_operator.settings import Settings
from edge_operator.telemetry.metrics import Metrics


def build_workers(
    settings: Settings,
    client: ApiClient,
    informers: Informers,
    gate: LeaseGate,
    metrics: Metrics,
    brokers: BrokerSessions,
    site_topics: SiteTopics,
    liveness: LivenessController,
) -> tuple[Callable[[], Coroutine[Any, Any, None]], ...]:
    """Return the workers of sites and of devices; each kind has its own, so that neither delays the other."""
    objects = ObjectClient(client)
    events = Events(client, settings.identity, wall_clock, metrics)
    recheck, children = settings.look_again_seconds, informers.children
    conflicts = FieldConflicts(time.monotonic, wall_clock)
    applier = Applier(objects, children, conflicts, Refusals(time.monotonic), metrics, recheck)
    roots = RootSecrets(objects, children, lambda: secrets.token_bytes(ROOT_BYTES), informers.enqueue_devices)
    use = SecretUse(settings.allowed_secrets)
    ca_bundles = UserCaBundles(objects, time.monotonic, recheck, informers.enqueue_site_and_devices, use)
    rotations = DeviceRotations(children, wall_clock)
    user_passwords = informers.user_passwords
    secrets_in_use = SiteSecrets(objects, time.monotonic, recheck, use)
    release, usable = _release(settings), secrets_in_use.usable
    plans = Plans(release, children, informers.devices, rotations, user_passwords, wall_clock, usable)
    site_status = StatusWriter(EDGE_SITE, informers.sites, objects, events, wall_clock)
    device_status = StatusWriter(EDGE_DEVICE, informers.devices, objects, events, wall_clock)
    link = BrokerEndpoints(brokers, objects, settings.broker_addresses, use)
    revocations = Revocations(children, plans, objects)
    certificates = UserCertificates(objects, time.monotonic, wall_clock, recheck, metrics, use)
    hosts = AllowedHosts(settings.allowed_hosts)
    observer = SiteObserver(
        children,
        informers.pods,
        plans,
        revocations,
        ca_bundles,
        secrets_in_use,
        hosts,
        certificates,
        link,
        site_topics,
    )
    tokens = ApiTokenPublisher(brokers)
    figures = DueFigures(liveness.counts, time.monotonic, settings.figures_seconds)
    sites = SiteReconciler(children, roots, observer, applier, site_status, link, tokens, site_topics, figures, recheck)
    enqueue_site = informers.site_queue.add
    devices = DeviceReconciler(
        informers.sites,
        informers.devices,
        children,
        ConnectionInfoSource(roots, ca_bundles, objects),
        applier,
        device_status,
        rotations,
        user_passwords,
        enqueue_site,
    )
    leading = gate.is_open
    return (
        Workers(SITE, informers.site_queue, informers.sites, sites, leading, metrics).run,
        Workers(DEVICE, informers.device_queue, informers.devices, devices, leading, metrics).run,
    )


def _release(settings: Settings) -> Release:
    """Return the defaults of this release."""
    return Release(
        version=settings.release, registry=settings.image_registry, operator_namespace=settings.operator_namespace
    )
