"""The messages of section 3 of the contract: their payloads, parsed and formatted."""

from edge_wire.messages.activity import Activity
from edge_wire.messages.alert import CLEARED, FIRING, Alert
from edge_wire.messages.broker import BrokerBoot, DataLost, parse_boot, parse_dropped, parse_uptime
from edge_wire.messages.command import ACK_FAILED, ACK_OK, Command, CommandAck
from edge_wire.messages.component_status import PROCESSOR, ComponentStatus
from edge_wire.messages.device_status import SIGN_OFF, DeviceStatus, StatusFault
from edge_wire.messages.document import MAX_PAYLOAD_BYTES
from edge_wire.messages.malformed import MalformedError
from edge_wire.messages.reading import Reading
from edge_wire.messages.readings import ParsedReadings, Rejected, parse_readings
from edge_wire.messages.roster import RosterEntry, RosterLiveness
from edge_wire.messages.sinks import SinkReport, sink_reports
from edge_wire.messages.status_words import ALIVE
from edge_wire.messages.storage import StorageReport
from edge_wire.messages.timestamps import format_timestamp, parse_timestamp

__all__ = [
    "ACK_FAILED",
    "ACK_OK",
    "ALIVE",
    "CLEARED",
    "FIRING",
    "MAX_PAYLOAD_BYTES",
    "PROCESSOR",
    "SIGN_OFF",
    "Activity",
    "Alert",
    "BrokerBoot",
    "Command",
    "CommandAck",
    "ComponentStatus",
    "DataLost",
    "DeviceStatus",
    "MalformedError",
    "ParsedReadings",
    "Reading",
    "Rejected",
    "RosterEntry",
    "RosterLiveness",
    "SinkReport",
    "StatusFault",
    "StorageReport",
    "format_timestamp",
    "parse_boot",
    "parse_dropped",
    "parse_readings",
    "parse_timestamp",
    "parse_uptime",
    "sink_reports",
]
