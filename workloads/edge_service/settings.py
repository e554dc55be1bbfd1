"""Settings of a program, from the environment; one error line for each invalid one."""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from pathlib import Path
from typing import Any, Self

from edge_service.program import WRONG_SETTINGS
from edge_service.setting import METADATA_KEY, Setting, path, port, setting

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SECRET_NAME = re.compile(r"password|secret|token|_key$", re.IGNORECASE)
_USERINFO = re.compile(r"//[^/@\s]*@")
_MAX_VALUE_CHARACTERS = 200


class SettingsError(ValueError):
    """Some settings are invalid; the message has a line for each: its name, what is valid, and the value."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The base of all settings: each field is made by `setting`, and read from its variable; empty means unset."""

    @classmethod
    def read(cls, environment: Mapping[str, str], **given: Any) -> Self:
        """Return the settings in `environment`.

        Args:
            environment: texts by the names of variables.
            given: by the names of fields: values, or texts to parse, that override the environment.

        Raises:
            SettingsError: some are invalid.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for each, description in _settings(cls):
            value = given.get(each.name, environment.get(_variable(each, description)) or None)
            if value is None:
                if each.default is MISSING:
                    problems.append(f"{_variable(each, description)}: must be set")
                continue
            try:
                values[each.name] = description.parse(value) if isinstance(value, str) else value
            except ValueError as error:
                variable = _variable(each, description)
                problems.append(f"{variable}: {error} (given: {_shown(variable, value)})")
        if problems:
            raise SettingsError("\n".join(problems))
        try:
            return cls(**values)
        except ValueError as error:
            raise SettingsError(str(error)) from None

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Return the settings of this process; `given` as for `read`, such as the values of flags.

        Raises:
            SystemExit: some are invalid (code 2); each has a line on stderr.
        """
        try:
            return cls.read(os.environ, **given)
        except SettingsError as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(WRONG_SETTINGS) from None

    @classmethod
    def described(cls) -> str:
        """Return the settings for `--help`, one variable a line."""
        lines = sorted(
            (_variable(each, description), _about(each, description)) for each, description in _settings(cls)
        )
        return "".join(f"  {variable:26} {about}\n" for variable, about in lines)

    @classmethod
    def help_of(cls, name: str) -> str:
        """Return the description of the field `name` with its variable, for a flag."""
        (found,) = (pair for pair in _settings(cls) if pair[0].name == name)
        return f"{found[1].about} [{_variable(*found)}]"


def _level(text: str) -> str:
    if text.upper() not in _LEVELS:
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return text.upper()


def _prefix(text: str) -> str:
    if re.search(r"[+#\x00]", text) or text.startswith("$"):
        raise ValueError("must be the beginning of a topic, such as plants/berlin/, without +, # and $")
    return text


@dataclass(frozen=True, kw_only=True)
class ProgramSettings(Settings):
    """Settings of every program."""

    edge_namespace: str = setting("Namespace of the site.", default="default")
    edge_site: str = setting("Name of the site.", default="local")
    # Probes come from the node, requests from other pods.
    host: str = setting("Address to listen on.", default="0.0.0.0")  # noqa: S104
    port: int = setting("Port to listen on; 0 takes a free one and logs it.", port, default=8080)
    log_level: str = setting("DEBUG, INFO, WARNING or ERROR.", _level, default="INFO")


@dataclass(frozen=True, kw_only=True)
class ServiceSettings(ProgramSettings):
    """Settings of every program of a site that handles messages."""

    edge_location: str = setting("Location of the site; it is in every reading.", default="local")
    edge_credentials_dir: Path | None = setting(
        "Directory with `username`, `password` and perhaps `ca.crt` for the broker; read again on each connect.",
        path,
        default=None,
    )
    mqtt_topic_prefix: str = setting(
        "Put before every topic, and with '.' for '/' before every client id.", _prefix, default=""
    )


def _settings(cls: type[Settings]) -> Iterator[tuple["Field[Any]", Setting]]:
    for each in fields(cls):
        yield each, each.metadata[METADATA_KEY]


def _variable(each: "Field[Any]", description: Setting) -> str:
    return description.variable or each.name.upper()


def _shown(variable: str, value: object) -> str:
    if _SECRET_NAME.search(variable):
        return "a value that is not shown"
    return repr(_USERINFO.sub("//…@", str(value))[:_MAX_VALUE_CHARACTERS])


def _about(each: "Field[Any]", description: Setting) -> str:
    if each.default is MISSING:
        return f"{description.about} Must be set."
    if each.default in (None, ""):
        return description.about
    default = f"{each.default:g}" if isinstance(each.default, float) else str(each.default)
    return f"{description.about} Default: {default}."
