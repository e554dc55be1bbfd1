"""Assembles the watches and the resyncs."""

from edge_operator.assembly.connections import Sessions
from edge_operator.cluster.client import ApiClient
from edge_operator.cluster.clock import boottime
from edge_operator.cluster.watch import Selection, Watch
from edge_operator.control.apply.status_writer import EDGE_DEVICE, EDGE_SITE
from edge_operator.control.cache.pod_problems import POD
from edge_operator.control.cache.pod_problems import SELECTOR as PODS
from edge_operator.control.cache.user_passwords import LABELLED_SECRET, SELECTOR
from edge_operator.control.diff.observed import MANAGED_BY
from edge_operator.control.loop.informers import Informers
from edge_operator.control.loop.resync import Resync, Resyncs
from edge_operator.desired.kinds import CHILD_KINDS
from edge_operator.desired.metadata import PART_OF
from edge_operator.settings import Settings
from edge_operator.telemetry.metrics import Metrics


def build_watches(settings: Settings, sessions: Sessions, informers: Informers, metrics: Metrics) -> tuple[Watch, ...]:
    """Return a watch of each kind of child, of users' passwords and of pods, in each namespace that is served."""
    ours = f"{MANAGED_BY}={PART_OF}"
    namespaces = settings.watch_namespaces or (None,)
    children = (
        Watch(sessions.watches, Selection(kind, namespace, ours), informers.children, metrics, boottime)
        for namespace in namespaces
        for kind in CHILD_KINDS
    )
    passwords = (
        Watch(
            sessions.watches,
            Selection(LABELLED_SECRET, namespace, SELECTOR),
            informers.user_passwords,
            metrics,
            boottime,
        )
        for namespace in namespaces
    )
    pods = (
        Watch(sessions.watches, Selection(POD, namespace, PODS), informers.pods, metrics, boottime)
        for namespace in namespaces
    )
    return (*children, *passwords, *pods)


def build_resyncs(settings: Settings, client: ApiClient, informers: Informers) -> Resyncs:
    """Return the resyncs of sites and of devices."""
    return Resyncs(
        Resync(client, EDGE_SITE, informers.sites, settings.watch_namespaces),
        Resync(client, EDGE_DEVICE, informers.devices, settings.watch_namespaces),
    )
