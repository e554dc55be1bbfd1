"""Settings of the simulated devices, from flags, else from the environment."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from edge_device.kinds import KINDS
from edge_service.address import BrokerUrl
from edge_service.duration import Seconds
from edge_service.program import release
from edge_service.settings import ServiceSettings


class DeviceSettings(ServiceSettings):
    """Settings of the simulated devices."""

    broker: BrokerUrl | None = Field(default=None, alias="MQTT_BROKER")
    """The broker; stands above the `url` in a device's credentials."""

    logins_file: Path | None = None
    """File with a line `deviceId:password` for each device, instead of directories of credentials."""

    count: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many devices; their credentials are the subdirectories of EDGE_CREDENTIALS_DIR or the lines of the file."""

    kind: Literal["temperature", "pressure", "humidity"] = "temperature"
    """What they measure."""

    unit: str | None = None
    """The unit to send in: celsius or fahrenheit, pascal or bar, percent."""

    usual: float | None = None
    """The value to walk around, in celsius, pascal or percent."""

    rate: Annotated[float, Field(gt=0, le=1000)] | None = None
    """Readings a second of each device."""

    interval: Annotated[Seconds, Field(ge=0.001, le=86_400)] = 5.0
    """Time between two readings of a device, without a rate."""

    heartbeat: Annotated[Seconds, Field(ge=1, le=86_400)] = 30.0
    """Longest silence of a device: after it, the status is sent again."""

    duration: Seconds | None = None
    """How long to go on; until stopped without one."""

    output: Literal["plain", "json", "quiet"] = "plain"
    """How each event is printed; quiet prints connections and sums alone."""

    @property
    def pause(self) -> float:
        """Seconds between two readings of a device."""
        return 1 / self.rate if self.rate else self.interval

    @model_validator(mode="after")
    def _known_unit(self) -> Self:
        units = KINDS[self.kind].units
        if self.unit is not None and self.unit not in units:
            raise ValueError(f"UNIT of {self.kind} must be {' or '.join(units)}")
        return self


def settings_from(arguments: Sequence[str] | None) -> DeviceSettings:
    """Return the settings from the flags, else from the environment.

    Raises:
        SystemExit: some are invalid (code 2); each has a line on stderr.
    """
    given = {name: value for name, value in vars(_parser().parse_args(arguments)).items() if value is not None}
    return DeviceSettings.load(**given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="edge-device",
        description="Simulated MQTT devices: birth, will, heartbeats, readings, answers to commands, sign-off.",
        epilog="A device's credentials are the keys of its Secret as files: username, password, url, ca.crt.",
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {release()}")
    flags: dict[str, dict[str, Any]] = {
        "--credentials": {"dest": "edge_credentials_dir", "metavar": "DIR"},
        "--broker": {"dest": "MQTT_BROKER", "metavar": "URL"},
        "--logins": {"dest": "logins_file", "metavar": "FILE"},
        "--count": {"metavar": "N"},
        "--kind": {"choices": list(KINDS)},
        "--unit": {},
        "--usual": {"metavar": "VALUE"},
        "--rate": {"metavar": "PER_SECOND"},
        "--interval": {"metavar": "DURATION"},
        "--heartbeat": {"metavar": "DURATION"},
        "--duration": {"metavar": "DURATION"},
        "--location": {"dest": "edge_location"},
        "--prefix": {"dest": "mqtt_topic_prefix", "metavar": "TOPIC"},
        "--output": {"choices": ["plain", "json", "quiet"]},
    }
    for flag, how in flags.items():
        name = str(how.get("dest", flag.removeprefix("--")))
        field = DeviceSettings.model_fields["broker" if name == "MQTT_BROKER" else name]
        parser.add_argument(flag, help=f"{field.description} [{name.upper()}]", **how)
    return parser
