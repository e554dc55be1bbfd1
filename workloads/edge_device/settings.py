"""Settings of the simulated devices, from flags, else from the environment."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from edge_device.kinds import KINDS
from edge_service.address import BrokerAddress
from edge_service.program import release
from edge_service.setting import broker as parse_broker
from edge_service.setting import duration as parse_duration
from edge_service.setting import number, one_of, path, setting, whole_number
from edge_service.settings import ServiceSettings


@dataclass(frozen=True, kw_only=True)
class DeviceSettings(ServiceSettings):
    """Settings of the simulated devices.

    `interval`, `heartbeat` and `duration` are in seconds, `rate` is a number of readings per second. The unit of
    `usual` is celsius, pascal or percent.
    """

    broker: BrokerAddress | None = setting(
        "The broker; overrides the `url` in a device's credentials.",
        parse_broker,
        default=None,
        variable="MQTT_BROKER",
    )
    logins_file: Path | None = setting(
        "File with a line `deviceId:password` for each device, instead of directories of credentials.",
        path,
        default=None,
    )
    count: int = setting(
        "Number of devices; their credentials are the subdirectories of EDGE_CREDENTIALS_DIR or the lines of the file.",
        whole_number(1, 10_000),
        default=1,
    )
    kind: str = setting("What they measure.", one_of(*KINDS), default="temperature")
    unit: str | None = setting("The unit to send in: celsius or fahrenheit, pascal or bar, percent.", default=None)
    usual: float | None = setting("The value to walk around, in celsius, pascal or percent.", number(), default=None)
    rate: float | None = setting("Readings per second of each device.", number(0.001, 1000), default=None)
    interval: float = setting(
        "Time between two readings of a device, without a rate.", parse_duration(0.001, 86_400), default=5.0
    )
    heartbeat: float = setting(
        "Longest time without a message of a device: after it, the status is sent again.",
        parse_duration(1, 86_400),
        default=30.0,
    )
    duration: float | None = setting("How long to go on; until stopped without one.", parse_duration(), default=None)
    output: Literal["plain", "json", "quiet"] = setting(
        "How each event is printed; quiet prints only connections and sums.",
        one_of("plain", "json", "quiet"),
        default="plain",
    )

    def __post_init__(self) -> None:
        """Check what one setting requires of others.

        Raises:
            ValueError: the unit is not one of the kind's.
        """
        units = KINDS[self.kind].units
        if self.unit is not None and self.unit not in units:
            raise ValueError(f"UNIT: must be {' or '.join(units)} for the kind {self.kind}")

    @property
    def pause(self) -> float:
        """Seconds between two readings of a device."""
        return 1 / self.rate if self.rate else self.interval


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
        "--broker": {"dest": "broker", "metavar": "URL"},
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
        parser.add_argument(flag, help=DeviceSettings.help_of(name), **how)
    return parser
