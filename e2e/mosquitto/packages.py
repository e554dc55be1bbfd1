"""Packages of this machine's distribution: installed where that is possible, else the one command that does it."""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from e2e.cluster.errors import HarnessError
from e2e.cluster.progress import Progress
from e2e.mosquitto.command import run

LOCK_SECONDS = 300
INSTALLERS = {
    "apt-get": "apt-get install -y --no-install-recommends",
    "dnf": "dnf install -y",
    "zypper": "zypper install -y",
    "pacman": "pacman -S --needed",
    "apk": "apk add",
}
"""Program: the command before the packages. Only apt-get is run by us; the others are named."""


@dataclass(frozen=True)
class Needed:
    """What has to be installed for a task, under the names that distributions have for it.

    Attributes:
        task: what it is for, as in `building Mosquitto`.
        names: installer: its packages; "" for those of an installer that is not listed.
    """

    task: str
    names: Mapping[str, tuple[str, ...]]

    def command(self) -> str:
        """Return the command that installs them on this machine."""
        for program, install in INSTALLERS.items():
            if program in self.names and shutil.which(program):
                return f"{'' if os.geteuid() == 0 else 'sudo '}{install} {' '.join(self.names[program])}"
        return f"install {' '.join(self.names[''])} with your distribution's package manager"

    def install(self, progress: Progress) -> None:
        """Install them if this is root and has apt-get.

        Raises:
            HarnessError: it cannot be done here, and how to do it; or apt-get failed.
        """
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise HarnessError(f"{self.task} needs programs that are not installed: {self.command()}")
        packages = self.names["apt-get"]
        progress.say(f"{self.task}: installing {' '.join(packages)}")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        lock = f"DPkg::Lock::Timeout={LOCK_SECONDS}"
        install = ["apt-get", "-q", "-y", "-o", lock, "install", "--no-install-recommends", *packages]
        try:
            run(install, self.task, environment=environment)
        except HarnessError:
            # The lists may be missing or old.
            run(["apt-get", "-q", "-o", lock, "update"], self.task, environment=environment)
            run(install, self.task, environment=environment)
