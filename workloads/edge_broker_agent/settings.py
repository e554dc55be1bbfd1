"""Settings of the agent, from the environment. Without pydantic, which would take a third of the agent's memory."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self, get_type_hints

from edge_service.broker_address import BrokerAddress
from edge_service.program import WRONG_SETTINGS
from edge_wire.goduration import parse_duration

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
HIGHEST_PORT = 65535


def _text(value: str) -> str:
    return value


def _number(value: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", value):
        raise ValueError("must be a whole number")
    return int(value)


def _port(value: str) -> int:
    if _number(value) > HIGHEST_PORT:
        raise ValueError(f"must be a port from 0 to {HIGHEST_PORT}")
    return _number(value)


def _level(value: str) -> str:
    if value.upper() not in LEVELS:
        raise ValueError(f"must be one of {', '.join(LEVELS)}")
    return value.upper()


@dataclass(frozen=True, slots=True)
class Setting:
    """Description of a setting.

    Attributes:
        about: a description for `--help`.
        default: text used if the variable is unset or empty.
        parse: converts the text to the value; a ValueError names the valid values.
    """

    about: str
    default: str
    parse: Callable[[str], Any] = _text


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """Settings of the agent. Each field is read from the variable of its name in capitals; empty means unset.

    `start_patience` and `batch_interval` are in seconds; in the environment they have a unit, such as 5s.
    """

    edge_namespace: Annotated[str, Setting("Namespace of the site.", "default")]
    edge_site: Annotated[str, Setting("Name of the site; its logins are in the Secrets <site>-mqtt-auth….", "local")]
    edge_credentials_dir: Annotated[Path, Setting("Directory with username and password.", "/credentials", Path)]
    mqtt_broker: Annotated[
        BrokerAddress, Setting("Mosquitto's listener for components.", "mqtt://localhost:1884", BrokerAddress.parse)
    ]
    tls_secret: Annotated[str, Setting("Secret with tls.crt and tls.key, if Mosquitto has a listener with TLS.", "")]
    auth_dir: Annotated[Path, Setting("Where the files for Mosquitto are written.", "/mosquitto/data/auth", Path)]
    mosquitto_log: Annotated[Path, Setting("Mosquitto's log.", "/mosquitto/log/mosquitto.log", Path)]
    mosquitto_log_max_bytes: Annotated[int, Setting("Size at which it is rotated.", "104857600", _number)]
    start_patience: Annotated[
        float,
        Setting("Time that a start waits for the API server before it uses the last copy.", "5s", parse_duration),
    ]
    batch_interval: Annotated[float, Setting("Minimum time between two reloads of Mosquitto.", "1s", parse_duration)]
    kubernetes_service_host: Annotated[str, Setting("The API server.", "kubernetes.default.svc")]
    kubernetes_service_port: Annotated[int, Setting("Its port.", "443", _port)]
    service_account_dir: Annotated[
        Path, Setting("Directory with token and ca.crt.", "/var/run/secrets/kubernetes.io/serviceaccount", Path)
    ]
    proc_dir: Annotated[Path, Setting("Where the pod's processes are seen.", "/proc", Path)]
    host: Annotated[str, Setting("Address to listen on for probes.", "0.0.0.0")]  # noqa: S104 - they come from the node
    port: Annotated[int, Setting("Port to listen on for probes; 0 takes a free one and logs it.", "8080", _port)]
    log_level: Annotated[str, Setting("DEBUG, INFO, WARNING or ERROR.", "INFO", _level)]

    @property
    def index(self) -> str:
        """Name of the Secret with the number of shards."""
        return f"{self.edge_site}-mqtt-auth"

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Return the settings in `environment`.

        Raises:
            ValueError: some are invalid; the message has a line for each.
        """
        values: dict[str, Any] = {}
        problems = []
        for name, setting in _settings(cls):
            given = environment.get(name.upper(), "") or setting.default
            try:
                values[name] = setting.parse(given)
            except ValueError as error:
                problems.append(f"{name.upper()}: {error} (given: {given[:200]!r})")
        if problems:
            raise ValueError("\n".join(problems))
        return cls(**values)

    @classmethod
    def load(cls) -> Self:
        """Return the settings of this process.

        Raises:
            SystemExit: some are invalid (code 2); each has a line on stderr.
        """
        try:
            return cls.read(os.environ)
        except ValueError as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(WRONG_SETTINGS) from None

    @classmethod
    def described(cls) -> str:
        """Return the settings for `--help`, one variable a line."""
        return "".join(f"  {name.upper():26} {_about(setting)}\n" for name, setting in _settings(cls))


def _settings(settings: type) -> list[tuple[str, Setting]]:
    hints = get_type_hints(settings, include_extras=True)
    return [(name, hint.__metadata__[0]) for name, hint in hints.items()]


def _about(setting: Setting) -> str:
    return f"{setting.about} Default: {setting.default}." if setting.default else setting.about
