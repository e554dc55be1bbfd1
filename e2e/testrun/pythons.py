"""The Python that the images have, with an environment of its own for the tests of the programs."""

import glob
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from e2e.cluster.cache import cache_root
from e2e.cluster.checkout import EDGE, ROOT
from e2e.cluster.errors import HarnessError
from e2e.cluster.lock import locked

IMAGES_PYTHON = "3.13"
"""The version in the images: Debian trixie's."""

NAMED = "EDGE_PYTHON_OF_IMAGES"
INSTALL_SECONDS = 600.0
HELP = f"install Python {IMAGES_PYTHON} (`uv python install {IMAGES_PYTHON}`), or name one: {NAMED}=…"


def find(environment: Mapping[str, str]) -> Path:
    """Return an interpreter of the images' version: named, found, or fetched by uv into the user's cache.

    Raises:
        HarnessError: there is none, and what to do.
    """
    if named := environment.get(NAMED):
        if not _is_version(named):
            raise HarnessError(
                f"{NAMED}={named} is not a Python {IMAGES_PYTHON} with venv and ensurepip: set it to another one"
            )
        return Path(named)
    home = environment.get("HOME", "")
    managed = cache_root(environment, Path.home()) / "python"
    candidates = [
        shutil.which(f"python{IMAGES_PYTHON}", path=environment.get("PATH")),
        *sorted(glob.glob(f"{home}/.pyenv/versions/{IMAGES_PYTHON}*/bin/python3")),  # noqa: PTH207 — no Path yet
        *sorted(glob.glob(f"{managed}/*/bin/python3")),  # noqa: PTH207
    ]
    if found := next((each for each in candidates if each and _is_version(each)), None):
        return Path(found)
    uv = Path(sys.executable).with_name("uv")
    install = [str(uv), "python", "install", "--no-bin", "--install-dir", str(managed), IMAGES_PYTHON]
    done = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
    for each in sorted(managed.glob("*/bin/python3")):
        if _is_version(str(each)):
            return each
    said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
    raise HarnessError(f"there is no Python {IMAGES_PYTHON} here and uv cannot fetch it ({said}): {HELP}")


def _is_version(python: str) -> bool:
    command = [python, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return False
    return done.returncode == 0 and done.stdout.strip() == IMAGES_PYTHON


def environment_of(python: Path, directory: Path = EDGE) -> Path:
    """Return the interpreter of an environment with this Python and the project's pinned packages; made if need be.

    Raises:
        HarnessError: it cannot be made; with the end of pip's words.
    """
    pinned = (ROOT / "requirements/dev.txt").read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    key = sha256(pinned + str(python.resolve()).encode()).hexdigest()[:16]
    place = directory / f"venv-{IMAGES_PYTHON}"
    ready = place / f".ready-{key}"
    with locked(directory / f"venv-{IMAGES_PYTHON}.lock", lambda: None):
        if not ready.exists():
            shutil.rmtree(place, ignore_errors=True)
            _run(str(python), "-m", "venv", str(place))
            pip = [str(place / "bin/pip"), "install", "--quiet", "--disable-pip-version-check"]
            _run(*pip, "--require-hashes", "-r", str(ROOT / "requirements/dev.txt"))
            _run(*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
            ready.touch()
    return place / "bin/python"


def _run(*command: str) -> None:
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode != 0:
        raise HarnessError(f"`{' '.join(command[:4])} …` failed: {done.stderr.strip()[-1000:]}")
