"""The sinks in the status of a site: their entries, and the conditions of the cloud and of Kafka."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edge_wire.messages import parse_timestamp
from edge_wire.messages.sinks import MAX_ERROR_CHARACTERS, SinkReport

from . import reasons
from .condition_value import ConditionValue
from .device_counts import figure_changed_enough
from .facts import SiteFacts

CLOUD, KAFKA = "cloud", "kafka"
"""Names of the sinks that receive readings."""

FROM_SINKS = {"CloudConnected": CLOUD, "KafkaConnected": KAFKA}
"""Sinks by type of condition. CloudConnected is always present, KafkaConnected only if Kafka is configured."""

PROCESSOR = "processor"
NO_PROCESSOR = "no processor runs"


def sink_reports(facts: SiteFacts, before: Mapping[str, Any]) -> tuple[SinkReport, ...]:
    """Return the state of the sinks that the spec configures, in its order.

    Until the processor reports it, it is that in the status `before`. The problem of a Secret replaces the error that
    it causes. Without a processor no sink is connected.
    """
    reports = present_sinks(before) | {each.name: each for each in facts.topics.sinks or ()}
    names = tuple(reports) if facts.sinks is None else facts.sinks
    return tuple(_explained(reports[name], facts) for name in names if name in reports)


def present_sinks(status: Mapping[str, Any]) -> dict[str, SinkReport]:
    """Return the state of the sinks in a status, by name."""
    return {
        each["name"]: SinkReport(
            each["name"],
            each["connected"],
            each.get("pending", 0),
            parse_timestamp(each.get("oldestPendingTime")),
            each.get("deadLetters", 0),
            each.get("lastError", ""),
        )
        for each in status.get("sinks") or ()
    }


def sink_entry(report: SinkReport) -> dict[str, Any]:
    """Return the state of a sink as in the status."""
    entry: dict[str, Any] = {
        "name": report.name,
        "connected": report.connected,
        "pending": report.pending,
        "deadLetters": report.dead_letters,
    }
    if report.oldest_pending_time is not None:
        entry["oldestPendingTime"] = _in_seconds(report)
    if report.last_error:
        entry["lastError"] = report.last_error
    return entry


def sinks_changed_enough(facts: SiteFacts, before: Mapping[str, Any]) -> bool:
    """Return whether a figure or an error of a sink differs enough from the status `before` to be written."""
    present = present_sinks(before)
    return any(_changed_enough(present.get(each.name), each) for each in sink_reports(facts, before))


def sink_errors_changed(facts: SiteFacts, before: Mapping[str, Any]) -> bool:
    """Return whether the error of a sink differs from that in the status `before`."""
    present = present_sinks(before)
    reports = sink_reports(facts, before)
    return any(present[each.name].last_error != each.last_error for each in reports if each.name in present)


def with_held_sinks(facts: SiteFacts, before: Mapping[str, Any]) -> SiteFacts:
    """Return the facts with the state in the status `before` of each sink of which only figures or the error differ."""
    if facts.topics.sinks is None:
        return facts
    present = present_sinks(before)
    held = (_held(present.get(each.name), _explained(each, facts)) for each in facts.topics.sinks)
    return replace(facts, topics=replace(facts.topics, sinks=tuple(held)))


def cloud_connected(facts: SiteFacts) -> ConditionValue:
    """Return the condition of the cloud."""
    if facts.sinks is not None and CLOUD not in facts.sinks:
        message = "spec.cloud is not set: readings stay on site"
        return ConditionValue("False", reasons.NOT_CONFIGURED, message)
    return _connected(facts, CLOUD, "the cloud", "spec.cloud", reasons.CLOUD_UNREACHABLE)


def kafka_connected(facts: SiteFacts) -> ConditionValue | None:
    """Return the condition of Kafka; None if Kafka is not configured."""
    if facts.sinks is None or KAFKA not in facts.sinks:
        return None
    return _connected(facts, KAFKA, "Kafka", "spec.processor.kafka", reasons.KAFKA_UNREACHABLE)


def waiting(report: SinkReport) -> str:
    """Return in words what waits for a sink, and what it rejected."""
    what = "reading" if report.name in FROM_SINKS.values() else "alert"
    if report.pending == 0:
        words = f"no {what} waits"
    elif report.pending == 1:
        words = f"1 {what} waits"
    else:
        words = f"{report.pending} {what}s wait"
    if report.oldest_pending_time is not None:
        words += f", the oldest since {_in_seconds(report)}"
    return words + (f"; {report.dead_letters} dead letters" if report.dead_letters else "")


def _connected(facts: SiteFacts, name: str, where: str, field: str, unreachable: str) -> ConditionValue:
    if _is_scaled_to_zero(facts):
        message = f"spec.processor.replicas is 0: nothing is forwarded to {where}"
        return ConditionValue("Unknown", reasons.PROCESSOR_NOT_RUNNING, message)
    report = {each.name: _explained(each, facts) for each in facts.topics.sinks or ()}.get(name)
    problem = facts.sink_problems.get(name)
    if problem is not None and (report is None or not report.connected):
        return ConditionValue("False", reasons.SINK_SECRET_UNUSABLE, problem)
    if facts.topics.processor_absent:
        message = f"{NO_PROCESSOR}: nothing is forwarded to {where}: check the pods of the processor"
        return ConditionValue("Unknown", reasons.PROCESSOR_NOT_RUNNING, message)
    if report is None:
        return ConditionValue("Unknown", reasons.NOT_OBSERVED, f"the processor has not reported on {where} yet")
    if report.connected:
        return ConditionValue("True", reasons.CONNECTED, f"connected to {where}; {waiting(report)}")
    message = (
        f"cannot deliver to {where}: {report.last_error or 'no attempt has succeeded'}; {waiting(report)}: check"
        f" {field} and the network; the readings are kept in the store and delivered later"
    )
    return ConditionValue("False", unreachable, message)


def _explained(report: SinkReport, facts: SiteFacts) -> SinkReport:
    problem = facts.sink_problems.get(report.name)
    if facts.topics.processor_absent or _is_scaled_to_zero(facts):
        return replace(report, connected=False, last_error=(problem or NO_PROCESSOR)[:MAX_ERROR_CHARACTERS])
    if problem is None or report.connected:
        return report
    return replace(report, last_error=problem[:MAX_ERROR_CHARACTERS])


def _is_scaled_to_zero(facts: SiteFacts) -> bool:
    return any(part.name == PROCESSOR and part.desired == 0 for part in facts.components)


def _held(present: SinkReport | None, report: SinkReport) -> SinkReport:
    return present if present is not None and present.connected == report.connected else report


def _changed_enough(present: SinkReport | None, report: SinkReport) -> bool:
    if present is None:
        return True
    return (
        figure_changed_enough(present.pending, report.pending)
        or figure_changed_enough(present.dead_letters, report.dead_letters)
        or present.connected != report.connected
    )


def _in_seconds(report: SinkReport) -> str:
    oldest = report.oldest_pending_time
    return oldest.strftime("%Y-%m-%dT%H:%M:%SZ") if oldest is not None else ""
