"""Liveness of devices: messages and the time in, states and what to write of them out. Pure."""

from edge_liveness.changes import Counts, DeviceSnapshot, MassLastWill, Reported, RestoredState, Transition
from edge_liveness.events import EventBudget, Summary
from edge_liveness.lateness import TICK_SECONDS, Lateness
from edge_liveness.message_processor import MAX_SESSION_CHARACTERS
from edge_liveness.phases import NOT_PROVEN, Phase, Presence, Reason
from edge_liveness.settings import DeviceSettings, SiteSettings
from edge_liveness.site import SiteLiveness
from edge_liveness.writes import StatusWrites, Suppressed, Write, WriteKind, WriteLimits

__all__ = [
    "MAX_SESSION_CHARACTERS",
    "NOT_PROVEN",
    "TICK_SECONDS",
    "Counts",
    "DeviceSettings",
    "DeviceSnapshot",
    "EventBudget",
    "Lateness",
    "MassLastWill",
    "Phase",
    "Presence",
    "Reason",
    "Reported",
    "RestoredState",
    "SiteLiveness",
    "SiteSettings",
    "StatusWrites",
    "Summary",
    "Suppressed",
    "Transition",
    "Write",
    "WriteKind",
    "WriteLimits",
]
