"""Settings of a program, from the environment; one error line for each invalid one."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from edge_service.program import WRONG_SETTINGS

_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SECRET_NAME = re.compile(r"password|secret|token|_key$", re.IGNORECASE)
_USERINFO = re.compile(r"//[^/@\s]*@")
_MAX_VALUE_CHARACTERS = 200


class ServiceSettings(BaseSettings):
    """Settings of every program of a site. Each field is read from the variable of its name; empty means unset."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True, enable_decoding=False, frozen=True, use_attribute_docstrings=True
    )

    edge_namespace: str = "default"
    """Namespace of the site."""

    edge_site: str = "local"
    """Name of the site."""

    edge_location: str = "local"
    """Location of the site; it is in every reading."""

    edge_credentials_dir: Path | None = None
    """Directory with `username`, `password` and perhaps `ca.crt` for the broker; read again on each connect."""

    mqtt_topic_prefix: str = ""
    """Put before every topic and client id."""

    host: str = "0.0.0.0"  # noqa: S104 - probes come from the node, requests from other pods
    """Address to listen on."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """Port to listen on; 0 takes a free one and logs it."""

    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in _LEVELS:
            raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
        return value.upper()

    @field_validator("mqtt_topic_prefix")
    @classmethod
    def _no_wildcard(cls, value: str) -> str:
        if re.search(r"[+#\x00]", value) or value.startswith("$"):
            raise ValueError("must be the beginning of a topic, such as plants/berlin/, without +, # and $")
        return value

    @classmethod
    def load(cls, **given: Any) -> Self:
        """Return the settings of this process.

        Args:
            given: values that override the environment, such as those of command line flags.

        Raises:
            SystemExit: some are invalid (code 2); each has a line on stderr.
        """
        try:
            return cls(**given)
        except ValidationError as error:
            sys.stderr.write(explain(error))
            raise SystemExit(WRONG_SETTINGS) from None

    @classmethod
    def described(cls) -> str:
        """Return the settings for `--help`, one variable a line."""
        return "".join(f"  {name.upper():24} {_about(field)}\n" for name, field in sorted(cls.model_fields.items()))


def explain(error: ValidationError) -> str:
    """Return the errors, one line a setting: its name, what is valid, and the value (never a secret one)."""
    return "".join(f"{_line(fault)}\n" for fault in error.errors(include_url=False, include_context=False))


def _line(fault: Mapping[str, Any]) -> str:
    name = str(fault["loc"][0]).upper() if fault["loc"] else "settings"
    right = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "missing":
        return f"{name}: must be set"
    return f"{name}: {right} (given: {_shown(name, fault['input'])})"


def _shown(name: str, value: object) -> str:
    if _SECRET_NAME.search(name):
        return "a value that is not shown"
    return repr(_USERINFO.sub("//…@", str(value))[:_MAX_VALUE_CHARACTERS])


def _about(field: Any) -> str:
    description = " ".join((field.description or "").split())
    if field.is_required():
        return f"{description} Must be set."
    return description if field.default in (None, "") else f"{description} Default: {field.default}."
