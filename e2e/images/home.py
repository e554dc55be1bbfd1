"""The home directory of the build's commands: this machine's settings of pip, pip's cache. Never part of an image."""

import ast
import configparser
import io
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from e2e.cluster.files import write_atomically
from e2e.mosquitto.command import run

HOME = "/root"
"""Where it is seen in the build."""

KEPT = ("cert", "default-timeout", "extra-index-url", "index-url", "proxy", "retries", "timeout", "trusted-host")


def pip_settings(listed: str) -> dict[str, str]:
    """What `pip config list` printed, as the settings that matter in the build; the environment's win, as in pip."""
    found: dict[str, str] = {}
    for line in sorted(listed.splitlines(), key=lambda each: each.startswith(":env:")):
        name, _, value = line.partition("=")
        option = name.rpartition(".")[2]
        if option in KEPT and name.split(".")[0] in (":env:", "global", "install"):
            found[option] = str(ast.literal_eval(value))
    return found


def lay_out(directory: Path, environment: Mapping[str, str]) -> Path:
    """Write the home directory and return it.

    Raises:
        HarnessError: pip does not say how it is set.
    """
    config = directory / ".config" / "pip"
    config.mkdir(parents=True, exist_ok=True)
    settings = pip_settings(run([sys.executable, "-m", "pip", "config", "list"], "reading pip's settings"))
    certificates = settings.get("cert") or environment.get("SSL_CERT_FILE")
    if certificates and Path(certificates).is_file():
        shutil.copyfile(certificates, config / "ca.crt")
        settings["cert"] = f"{HOME}/.config/pip/ca.crt"
    parser = configparser.RawConfigParser()
    parser["global"] = settings
    text = io.StringIO()
    parser.write(text)
    write_atomically(config / "pip.conf", text.getvalue())
    return directory
