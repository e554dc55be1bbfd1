"""Mosquitto 2.1.2 or later: what is installed, or a build of the pinned source in the user's cache."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from e2e.cluster.cache import cache_root, go_architecture
from e2e.cluster.errors import HarnessError
from e2e.cluster.lock import locked
from e2e.cluster.progress import Progress
from e2e.mosquitto.archive import TREE, VERSION, ensure_archive
from e2e.mosquitto.command import run
from e2e.mosquitto.packages import Needed

LEAST_VERSION = (2, 1, 2)
PROGRAMS = ("mosquitto", "mosquitto_pub", "mosquitto_sub", "mosquitto_passwd")

SYSTEM_DIRECTORIES = ("/usr/local/sbin", "/usr/sbin")
"""Where distributions install the broker; not on the PATH of users."""

SETTINGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_INSTALL_LIBDIR=lib",
    "-DCMAKE_INSTALL_SBINDIR=bin",
    "-DCMAKE_INSTALL_RPATH=$ORIGIN/../lib",
    *(f"-DWITH_{part}=OFF" for part in ("CTRL_SHELL", "DOCS", "HTTP_API", "LIB_CPP", "LTO", "PLUGINS", "TESTS")),
)
NEEDED = Needed(
    f"building Mosquitto {VERSION}",
    {
        "apt-get": ("cmake", "make", "g++", "libc6-dev", "libcjson-dev", "libssl-dev"),
        "dnf": ("cmake", "make", "gcc-c++", "cjson-devel", "openssl-devel"),
        "zypper": ("cmake", "make", "gcc-c++", "cJSON-devel", "libopenssl-devel"),
        "pacman": ("cmake", "make", "gcc", "cjson", "openssl"),
        "apk": ("cmake", "make", "g++", "cjson-dev", "openssl-dev", "linux-headers"),
        "": ("cmake, make, a C and C++ compiler and the development files of cJSON and OpenSSL",),
    },
)
HEADERS = "#include <cjson/cJSON.h>\n#include <openssl/ssl.h>\n"


def version_of(broker: Path) -> tuple[int, ...]:
    """Return the version that a broker program says it has; nothing where it does not run."""
    try:
        said = subprocess.run([broker, "-h"], capture_output=True, text=True, timeout=10, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ()
    match = re.search(r"version (\d+)\.(\d+)\.(\d+)", said)
    return tuple(map(int, match.groups())) if match else ()


def installed(environment: Mapping[str, str]) -> dict[str, Path] | None:
    """Return the installed programs if all are there and new enough."""
    path = os.pathsep.join([environment.get("PATH", ""), *SYSTEM_DIRECTORIES])
    found = {name: Path(place) for name in PROGRAMS if (place := shutil.which(name, path=path))}
    if len(found) == len(PROGRAMS) and version_of(found["mosquitto"]) >= LEAST_VERSION:
        return found
    return None


def is_ready(environment: Mapping[str, str]) -> bool:
    """Whether nothing has to be built: it is installed, or in the cache."""
    return installed(environment) is not None or _is_built(_target(environment))


def ensure_mosquitto(environment: Mapping[str, str] | None = None) -> Path:
    """Return a directory with `bin/mosquitto`, `bin/mosquitto_pub`, `bin/mosquitto_sub`, `bin/mosquitto_passwd`.

    What is installed is used if it is new enough, else the pinned source is built, once.

    Raises:
        HarnessError: it is neither installed nor can it be built; the message has the one command that helps.
    """
    variables = dict(environment or os.environ)
    root = _root(variables)
    if found := installed(variables):
        return _linked(root, found)
    target = _target(variables)
    if _is_built(target):
        return target
    progress = Progress(sys.stderr)
    with locked(root / "lock", lambda: progress.say("another build of Mosquitto is running; waiting for it")):
        if not _is_built(target):
            _build(root, target, progress)
    return target


def _root(environment: Mapping[str, str]) -> Path:
    return cache_root(environment, Path.home()) / "mosquitto"


def _target(environment: Mapping[str, str]) -> Path:
    return _root(environment) / f"{VERSION}-{go_architecture()}-{_key()}"


def _key() -> str:
    return hashlib.sha256("\n".join((TREE, *SETTINGS)).encode()).hexdigest()[:16]


def _is_built(target: Path) -> bool:
    # It has to run, too: an upgrade of the system may have removed the libraries that it was linked with.
    return version_of(target / "bin" / "mosquitto") >= LEAST_VERSION


def _linked(root: Path, programs: Mapping[str, Path]) -> Path:
    """Return a directory of links: a distribution keeps the broker and its clients in different places."""
    key = hashlib.sha256("\n".join(map(str, programs.values())).encode()).hexdigest()[:16]
    target = root / f"installed-{key}"
    (target / "bin").mkdir(parents=True, exist_ok=True)
    for name, program in programs.items():
        draft = target / "bin" / f".{name}.{os.getpid()}"
        draft.symlink_to(program)
        draft.replace(target / "bin" / name)
    return target


def _can_compile() -> bool:
    if not all(shutil.which(program) for program in ("cmake", "make", "cc", "c++")):
        return False
    compiler = [str(shutil.which("cc")), "-E", "-x", "c", "-o", os.devnull, "-"]
    return (
        subprocess.run(compiler, input=HEADERS, capture_output=True, text=True, check=False, timeout=60).returncode == 0
    )


def _build(root: Path, target: Path, progress: Progress) -> None:
    if not _can_compile():
        NEEDED.install(progress)
    archive = ensure_archive(root / "sources", progress)
    progress.say(f"building Mosquitto {VERSION} (once; about 15 s on two cores)")
    draft = root / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(target, ignore_errors=True)
    doing = f"building Mosquitto {VERSION}"
    try:
        (draft / "source").mkdir(parents=True)
        run(["tar", "-xf", str(archive), "-C", str(draft / "source"), "--strip-components=1"], doing)
        prefix = f"-DCMAKE_INSTALL_PREFIX={draft / 'installed'}"
        run(["cmake", "-S", str(draft / "source"), "-B", str(draft / "build"), prefix, *SETTINGS], doing)
        run(["make", "-C", str(draft / "build"), f"-j{os.cpu_count() or 1}", "install"], doing)
        if not _is_built(draft / "installed"):
            raise HarnessError(f"{doing} gave a broker that does not run: remove {root} and try again")
        (draft / "installed").replace(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    progress.say(f"built {target}")
