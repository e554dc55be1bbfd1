"""What a node needs from the system: found, or installed with apt by root, or named with the one command."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.cluster.keeper import tied

# A user's PATH often lacks the last three.
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin"
LOADER = re.compile(rb"/ld-(linux|musl)")
# Another apt may be at work, such as the one of a daily update.
APT = ("apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "--yes", "--no-install-recommends")


@dataclass(frozen=True)
class Requirement:
    """A program or library of the system, and the Debian package that has it; `building`: only to build with."""

    what: str
    package: str
    found: Callable[[], bool]
    building: bool = False


def _which(name: str) -> str | None:
    return shutil.which(name, path=SYSTEM_PATH)


def _program(name: str, package: str, *, building: bool = False) -> Requirement:
    return Requirement(name, package, lambda: _which(name) is not None, building)


def _static_busybox() -> bool:
    found = _which("busybox")
    # A dynamic program names its loader in the first page, and that is in no image of ours.
    return found is not None and LOADER.search(Path(found).read_bytes()[:4096]) is None


def _has_seccomp() -> bool:
    asked = _which("pkg-config")
    if asked is None:
        return False
    return subprocess.run([asked, "--exists", "libseccomp"], check=False, timeout=60).returncode == 0


REQUIREMENTS = (
    _program("unshare", "util-linux"),
    _program("nsenter", "util-linux"),
    _program("mount", "mount"),
    _program("ip", "iproute2"),
    _program("iptables-restore", "iptables"),
    Requirement("a static busybox", "busybox-static", _static_busybox),
    _program("gcc", "gcc", building=True),
    Requirement("the C library's headers", "libc6-dev", lambda: _header("stdlib.h"), building=True),
    _program("pkg-config", "pkgconf", building=True),
    Requirement("libseccomp's headers", "libseccomp-dev", _has_seccomp, building=True),
)


def _header(name: str) -> bool:
    compiler = _which("gcc")
    if compiler is None:
        return False
    source = f"#include <{name}>\n"
    command = [compiler, "-E", "-"]
    checked = subprocess.run(command, input=source, text=True, capture_output=True, check=False, timeout=60)
    return checked.returncode == 0


def program(name: str) -> str:
    """The path of a program of the system.

    Raises:
        HarnessError: it is not there.
    """
    if found := _which(name):
        return found
    raise HarnessError(f"there is no `{name}` in {SYSTEM_PATH}: install it")


def missing(*, building: bool) -> tuple[Requirement, ...]:
    """What is not there; `building` asks for what is needed to build with as well."""
    return tuple(one for one in REQUIREMENTS if (building or not one.building) and not one.found())


def apt_command(requirements: Iterable[Requirement]) -> str:
    """The one command that installs them on Debian and its kin."""
    packages = sorted({one.package for one in requirements})
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


def install(requirements: Iterable[Requirement], say: Callable[[str], object]) -> None:
    """Install them with apt, as root.

    Raises:
        HarnessError: apt failed, or something is still not there; with the command to try.
    """
    wanted = tuple(requirements)
    if not wanted:
        return
    packages = sorted({one.package for one in wanted})
    say(f"installing {' '.join(packages)} with apt-get (once; half a minute)")
    done = _apt(packages)
    if done.returncode != 0:
        # The lists of a fresh machine are old or missing.
        subprocess.run(tied([_apt_get(), "update"]), capture_output=True, check=False, timeout=900)
        done = _apt(packages)
    left = [one.what for one in wanted if not one.found()]
    if done.returncode != 0 or left:
        raise HarnessError(
            f"the node needs {', '.join(left) or 'packages'} and apt-get did not install it: {apt_command(wanted)}\n"
            f"{done.stderr.strip()[-1000:]}"
        )


def _apt_get() -> str:
    return _which("apt-get") or "apt-get"


def _apt(packages: list[str]) -> subprocess.CompletedProcess[str]:
    # Asks nothing: there may be nobody to answer.
    environment = {"PATH": SYSTEM_PATH, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        tied([_apt_get(), *APT[1:], *packages]),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
