"""Facts of the sites that topics of their brokers report: the message handler adds them, the reconciler reads them."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from edge_operator.broker.session import Message
from edge_operator.control.cache.child_cache import ResourceKey
from edge_operator.control.cache.resource import CachedSite
from edge_operator.status.facts import TopicFacts
from edge_operator.telemetry.metrics import Metrics
from edge_wire import topic_table
from edge_wire.dispatcher import Dispatcher
from edge_wire.messages import BrokerBoot, ComponentStatus, DataLost, parse_dropped

from .drops import BrokerDrops
from .processor_presence import ProcessorPresence
from .sink_reports import SinkReports
from .store_reports import StoreReports


class SiteTopics:
    """Stores what the topics of each site's broker report. A new fact needs no other holder than this one.

    Args:
        metrics: counts what is reported.
        enqueue: enqueues a site of which a fact has changed.
        clock: monotonic clock, in seconds.
        wall_clock: current time.
    """

    def __init__(
        self,
        metrics: Metrics,
        enqueue: Callable[[ResourceKey], None],
        clock: Callable[[], float],
        wall_clock: Callable[[], dt.datetime],
    ) -> None:
        self._drops = BrokerDrops(metrics, enqueue, clock, wall_clock)
        self._stores = StoreReports(enqueue)
        self._sinks = SinkReports(metrics, enqueue, clock)
        self._processors = ProcessorPresence(enqueue, clock)
        self._enqueue = enqueue
        self._lost: dict[ResourceKey, DataLost | None] = {}

    def on_message(self, site: ResourceKey, message: Message) -> str:
        """Handle a message and return its kind for the metrics.

        Raises:
            MalformedError: the message cannot be parsed.
            ValueError: no fact comes from its topic.
        """
        handle, _ = self.HANDLERS.find(message.topic)
        return handle(self, site, message)

    def get(self, site: CachedSite) -> TopicFacts:
        """Return the facts of a site.

        Until its broker reports to this process, they are those in its status: a previous leader may have written them.
        """
        sinks, sinks_change_seconds = self._sinks.get(site.key)
        reported = TopicFacts(
            storage=self._stores.get(site.key), sinks=sinks, sinks_change_seconds=sinks_change_seconds
        )
        if site.external_broker:
            return reported
        if (text := site.broker_dropping) is not None:
            self._drops.restore(site.key, text)
        dropped, dropped_change_seconds = self._drops.get(site.key)
        return replace(
            reported,
            dropping_seconds=self._drops.remaining(site.key),
            dropped=dropped,
            dropped_change_seconds=dropped_change_seconds,
            data_lost=self._lost.get(site.key),
            keeps_data_lost=site.broker_data_lost and site.key not in self._lost,
        )

    def with_processor(self, topics: TopicFacts, site: ResourceKey, *, ready: bool) -> TopicFacts:
        """Return the facts of a site that has sinks, with the fact whether a processor runs.

        Args:
            topics: the other facts.
            site: the site.
            ready: whether a pod of the processor is ready now.
        """
        is_absent, seconds = self._processors.get(site, ready=ready)
        return replace(topics, processor_absent=is_absent, processor_change_seconds=seconds)

    def remove(self, site: ResourceKey) -> None:
        """Remove a deleted site."""
        self.remove_broker(site)
        self._stores.remove(site)
        self._sinks.remove(site)
        self._processors.remove(site)

    def remove_broker(self, site: ResourceKey) -> None:
        """Remove the facts about the broker of a site that has an external one."""
        self._drops.remove(site)
        self._lost.pop(site, None)

    def clear(self) -> None:
        """Remove all sites, because another process leads now."""
        self._drops.clear()
        self._stores.clear()
        self._sinks.clear()
        self._processors.clear()
        self._lost.clear()

    def _dropped(self, site: ResourceKey, message: Message) -> str:
        self._drops.record(site, parse_dropped(message.payload))
        return "dropped"

    def _component(self, site: ResourceKey, message: Message) -> str:
        status = ComponentStatus.parse(message.payload)
        self._stores.record(site, status)
        self._sinks.record(site, status)
        self._processors.record(site, status)
        return "component"

    def _boot(self, site: ResourceKey, message: Message) -> str:
        if message.payload:
            lost = BrokerBoot.parse(message.payload).data_lost
            if site not in self._lost or self._lost[site] != lost:
                self._lost[site] = lost
                self._enqueue(site)
        return "boot"

    HANDLERS: ClassVar = Dispatcher(
        {
            topic_table.BROKER_DROPPED: _dropped,
            topic_table.BROKER_BOOT: _boot,
            topic_table.COMPONENT_STATUS: _component,
        }
    )
    """By topic; each returns the kind of the message."""
