"""Kafka's jars, exactly those of the pinned release, in the user's cache; Java and Maven from the distribution."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.cache import cache_root
from e2e.cluster.errors import HarnessError
from e2e.cluster.lock import locked
from e2e.cluster.progress import Progress
from e2e.mosquitto.command import run
from e2e.mosquitto.packages import Needed

VERSION = "4.4.0"
JARS = "98d35db37b03cc7124f6a6cce2220db914d744805087e99974d45472339a3ad0"
"""Digest of the names and contents of all jars, so that it does not matter which mirror has them."""

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
POM = Path(__file__).parent / "pom.xml"

LEAST_JAVA = 17
"""The least Java version that Kafka 4 runs on."""

NEEDED = Needed(
    f"running Kafka {VERSION}",
    {
        "apt-get": ("default-jre-headless", "maven"),
        "dnf": ("java-21-openjdk-headless", "maven"),
        "zypper": ("java-21-openjdk-headless", "maven"),
        "pacman": ("jre21-openjdk-headless", "maven"),
        "apk": ("openjdk21-jre-headless", "maven"),
        "": (f"Java {LEAST_JAVA} or later and Maven",),
    },
)


@dataclass(frozen=True)
class KafkaPrograms:
    """What starts Kafka.

    Attributes:
        java: the program.
        jars: directory with Kafka and all that it needs.
    """

    java: Path
    jars: Path


def java_of(environment: Mapping[str, str]) -> Path | None:
    """Return the Java on PATH if it is new enough."""
    found = shutil.which("java", path=environment.get("PATH"))
    if found is None:
        return None
    try:
        said = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=30, check=False).stderr
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r'version "(\d+)', said)
    return Path(found) if version and int(version[1]) >= LEAST_JAVA else None


def digest_of(jars: Path) -> str:
    """Return a digest of the names and contents of the jars in a directory."""
    whole = hashlib.sha256()
    for jar in sorted(jars.glob("*.jar")):
        whole.update(f"{jar.name} {hashlib.sha256(jar.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def is_ready(environment: Mapping[str, str]) -> bool:
    """Whether nothing has to be installed or brought."""
    return _target(environment).exists() and java_of(environment) is not None


def ensure_kafka(environment: Mapping[str, str] | None = None) -> KafkaPrograms:
    """Return Java and Kafka's jars; Maven brings the jars once.

    Raises:
        HarnessError: Java or Maven is missing and cannot be installed here, or the jars cannot be had; the message has
            the one command that helps.
    """
    variables = dict(environment or os.environ)
    target = _target(variables)
    progress = Progress(sys.stderr)
    with locked(target.parent / "lock", lambda: progress.say("another process brings Kafka; waiting for it")):
        java = java_of(variables)
        if java is None or not (target.exists() or shutil.which("mvn", path=variables.get("PATH"))):
            NEEDED.install(progress)
            java = java_of(variables)
        if java is None:
            raise HarnessError(f"Kafka {VERSION} needs Java {LEAST_JAVA} or later on PATH: {NEEDED.command()}")
        if not target.exists():
            _bring(target, progress)
    return KafkaPrograms(java, target)


def _target(environment: Mapping[str, str]) -> Path:
    return cache_root(environment, Path.home()) / "kafka" / f"{VERSION}-{JARS[:16]}"


def _bring(target: Path, progress: Progress) -> None:
    doing = f"downloading Kafka {VERSION}"
    progress.say(f"{doing} with Maven (once; about 15 s)")
    draft = target.parent / "draft"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        # A repository of its own: what Maven needs for itself is not kept.
        places = [f"-Dmaven.repo.local={draft / 'repository'}", f"-DoutputDirectory={draft / 'jars'}"]
        run(["mvn", "-B", "-q", "-f", str(POM), *places, PLUGIN, "-DincludeScope=runtime"], doing)
        if digest_of(draft / "jars") != JARS:
            raise HarnessError(f"{doing} gave other jars than those of the release: see {POM}, and JARS in {__file__}")
        (draft / "jars").replace(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    progress.say(f"brought {target}")
