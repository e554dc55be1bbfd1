"""An alert: a reading went beyond the threshold of a rule, or came back."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from edge_wire.messages import fields as take
from edge_wire.messages.document import dump, load_object, with_extra
from edge_wire.messages.timestamps import format_timestamp, required_timestamp

SENSOR_ALERT = "sensor_alert"
"""The `type` of alerts of rules."""

FIRING = "firing"
CLEARED = "cleared"


@dataclass(frozen=True, slots=True)
class Alert:
    """The payload of `alerts/{id}`: one when it starts and one when it clears, with one `alert_id`.

    Attributes:
        rule: name of the rule in the site's spec.
        value: of the reading that started or cleared it.
        threshold: of the rule.
        timestamp: of that reading (UTC).
        severity: of the rule: Info, Warning or Critical.
        late: whether that reading waited in the broker's queue for long.
        extra: unknown fields.
    """

    alert_id: str
    rule: str
    device_id: str
    sensor_type: str
    value: float
    threshold: float
    timestamp: dt.datetime
    location: str
    severity: str
    state: Literal["firing", "cleared"]
    type: str = SENSOR_ALERT
    late: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, payload: bytes) -> Self:
        """Return the alert in `payload`.

        Raises:
            MalformedError: it is not an alert.
        """
        return cls.from_object(load_object(payload))

    @classmethod
    def from_object(cls, document: Mapping[str, Any]) -> Self:
        """Return the alert in a JSON object.

        Raises:
            MalformedError: it is not an alert.
        """
        fields = dict(document)
        return cls(
            type=take.required_text(fields, "type"),
            alert_id=take.required_text(fields, "alert_id"),
            rule=take.required_text(fields, "rule"),
            device_id=take.required_text(fields, "device_id"),
            sensor_type=take.required_text(fields, "sensor_type"),
            value=take.number(fields, "value"),
            threshold=take.number(fields, "threshold"),
            timestamp=required_timestamp(fields, "timestamp"),
            location=take.text(fields, "location"),
            severity=take.text(fields, "severity"),
            state="firing" if take.one_of(fields, "state", (FIRING, CLEARED)) == FIRING else "cleared",
            late=take.flag(fields, "late"),
            extra=fields,
        )

    def to_object(self) -> dict[str, Any]:
        """Return the alert as a JSON object: the known fields by the contract's names, then the others."""
        known: dict[str, Any] = {
            "type": self.type,
            "alert_id": self.alert_id,
            "rule": self.rule,
            "device_id": self.device_id,
            "sensor_type": self.sensor_type,
            "value": self.value,
            "threshold": self.threshold,
            "timestamp": format_timestamp(self.timestamp),
            "location": self.location,
            "severity": self.severity,
            "state": self.state,
        }
        if self.late:
            known["late"] = True
        return with_extra(known, self.extra)

    def encode(self) -> bytes:
        """Return the payload."""
        return dump(self.to_object())
