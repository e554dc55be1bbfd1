"""The reconcile of one site: gather, decide, act, say."""

import logging
from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from edge_operator.cluster.errors import ApiError
from edge_operator.desired.components import MQTT, components
from edge_operator.desired.inputs import Site
from edge_operator.desired.kinds import DEPLOYMENT, SECRET, SERVICE
from edge_operator.desired.metadata import child_name
from edge_operator.desired.root_secret import root_secret_name
from edge_operator.status.facts import ComponentFacts, Notice, Problem, SiteFacts, component_facts
from edge_operator.status.site import site_update

from .authorities import Authorities
from .broker_link import BrokerLink
from .children import Children
from .endpoints import endpoints
from .figures import Figures
from .intent import ObjectKey
from .last_known import last_known
from .observed import Observed
from .plan import Plan, Plans, SpecUnusableError
from .report import Report
from .resource import SiteObject
from .revocations import Revocations
from .root_problems import RootUnusableError
from .roots import MADE_ANEW, Root, RootKeys
from .status_writer import StatusWriter
from .store import SITE, ChildStore, ResourceKey
from .verdict import Verdict, Wanted, is_unwanted, judge

ROOT_MADE_ANEW = Notice(
    "RootSecretMadeAnew",
    "the root Secret was lost and made anew: every credential changed; remove its annotation"
    f" {MADE_ANEW} to have this said no more",
)

logger = logging.getLogger(__name__)


class SiteReconciler:
    """Makes a site what its spec says, and says how it is.

    Args:
        store: the children as last seen.
        roots: the root keys.
        plans: the intents.
        children: carries out.
        revocations: what is carried out whatever stands in the way of the rest.
        status: writes the status.
        authorities: of the certificates that users bring.
        link: keeps the session with the site's broker.
        figures: how the site's devices are, as far as it is to be told.
        look_again: seconds until that is looked at again which no watch tells of.
    """

    def __init__(
        self,
        store: ChildStore,
        roots: RootKeys,
        plans: Plans,
        children: Children,
        revocations: Revocations,
        status: StatusWriter,
        authorities: Authorities,
        link: BrokerLink,
        figures: Figures,
        look_again: float,
    ) -> None:
        self._store = store
        self._roots = roots
        self._plans = plans
        self._children = children
        self._revocations = revocations
        self._status = status
        self._authorities = authorities
        self._link = link
        self._figures = figures
        self._look_again = look_again

    def forget(self, key: ResourceKey) -> None:
        """Forget a site that is gone: what it owned goes by garbage collection, its volumes and root Secret stay."""
        self._roots.forget(key)
        self._plans.forget(key)
        self._authorities.forget(key)
        self._link.leave(key)
        self._figures.forget(key)
        self._revocations.forget(key)

    async def observe(self, site: SiteObject) -> None:
        """Learn what a standby needs to know of a site in order to take over."""
        try:
            await self._roots.learn(site)
        except RootUnusableError as error:
            logger.debug("%s: %s", site, error)

    async def reconcile(self, site: SiteObject) -> float | None:
        """Make one pass; return the seconds until another is needed, None if events will tell.

        Raises:
            UnreachableError: the API server did not answer.
            ApiError: it failed in a way that may pass.
            NotLeaderError: the lease is not ours.
        """
        if site.deleting:
            return None
        try:
            return await self._pass(site, paused=site.paused)
        except ApiError as error:
            if not error.namespace_terminating:
                raise
            logger.debug("%s: its namespace is being deleted: %s", site, error)
            return None

    async def _pass(self, site: SiteObject, *, paused: bool) -> float | None:
        try:
            root = await (self._roots.learn(site) if paused else self._roots.keep(site))
            if root is not None:
                return await self._with_root(site, root, paused=paused)
            facts = SiteFacts(site.generation, paused=True, pending_changes=("everything",))
            report = Report()
        except (SpecUnusableError, RootUnusableError) as error:
            facts, report = last_known(site, error.problem, paused=paused), Report(again=self._look_again)
        await self._revocations.carry_out(site, report)
        await self._authorities.follow(site, report)
        await self._say(site, replace(facts, problems=(*facts.problems, *report.problems)))
        return report.again

    async def _with_root(self, site: SiteObject, root: Root, *, paused: bool) -> float | None:
        plan = self._plans.plan(site, root)
        if paused:
            report = Report()
            await self._revocations.carry_out(site, report)
            pending = self._pending(site, root, plan.wanted)
        else:
            report, pending = await self._act(site, plan), ()
        if site.external_broker or site.own_tls is not None:
            # No watch tells of the Secrets that the user brings.
            report.revisit(self._look_again)
        await self._authorities.follow(site, report)
        described = self._plans.outline(site, root)
        facts = self._facts(site, root, described, report, paused=paused, pending=pending)
        ready = any(part.name == MQTT and part.ready for part in facts.components)
        broker = await self._link.follow(described, ready=ready, dropping=site.broker_dropping)
        if broker is not None and broker.dropping_seconds:
            report.revisit(broker.dropping_seconds)
        await self._say(site, replace(facts, broker=broker, devices=self._figures.due(site, report)))
        return report.again

    async def _say(self, site: SiteObject, facts: SiteFacts) -> None:
        await self._status.write(site, partial(site_update, facts), facts.notices)

    async def _act(self, site: SiteObject, plan: Plan) -> Report:
        report = await self._children.carry_out(site, plan.wanted, plan.intents)
        await self._children.remove(site, self._unwanted(site, plan.wanted), report)
        return report

    def _unwanted(self, site: SiteObject, wanted: Iterable[Wanted]) -> list[Observed]:
        keys = {want.key for want in wanted}
        extra = [seen for seen in self._store.of(SITE, site.key) if seen.key not in keys]
        return [seen for seen in extra if is_unwanted(seen, site.claim)]

    def _pending(self, site: SiteObject, root: Root, wanted: tuple[Wanted, ...]) -> tuple[str, ...]:
        """Return what a paused site waits to have done."""
        namespace, name = site.key
        put_back = () if root.intact else (str(ObjectKey(SECRET, namespace, root_secret_name(name))),)
        differing = (
            str(want.key) for want in wanted if judge(want, self._store.get(want.key), site.claim) is not Verdict.KEEP
        )
        removed = (f"removal of {seen.key}" for seen in self._unwanted(site, wanted))
        return (*put_back, *differing, *sorted(removed))

    def _facts(
        self,
        site: SiteObject,
        root: Root,
        described: Site,
        report: Report,
        *,
        paused: bool,
        pending: tuple[str, ...],
    ) -> SiteFacts:
        service = self._body(ObjectKey(SERVICE, described.namespace, child_name(described, "gateway")))
        return SiteFacts(
            generation=site.generation,
            paused=paused,
            cloud=described.spec.cloud is not None,
            pending_changes=pending,
            leaving=tuple(report.leaving),
            problems=tuple(sorted(report.problems, key=_gravity)),
            components=tuple(self._component_facts(described)),
            endpoints=endpoints(described, service),
            notices=(ROOT_MADE_ANEW,) if root.made_anew else (),
        )

    def _component_facts(self, described: Site) -> Iterable[ComponentFacts]:
        for part in components(described):
            key = ObjectKey(DEPLOYMENT, described.namespace, child_name(described, part.name))
            yield component_facts(part.name, part.image, part.replicas, self._body(key))

    def _body(self, key: ObjectKey) -> dict[str, object]:
        seen = self._store.get(key)
        return dict(seen.body) if seen is not None else {}


def _gravity(problem: Problem) -> tuple[bool, str]:
    return not problem.lasting, problem.message
