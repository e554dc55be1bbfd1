"""Debian's base images from Debian's own packages, under their official names, for machines that cannot pull them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.mosquitto.command import run
from e2e.mosquitto.debian import debian_mirror

TRIXIE, SID = "trixie", "sid"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
LEFT_OUT = ("doc", "groff", "info", "lintian", "linda", "locale", "man")


@dataclass(frozen=True)
class Base:
    """One base image: `debian:<suite>-slim`."""

    suite: str

    @property
    def reference(self) -> str:
        """Its official name."""
        return f"docker.io/library/debian:{self.suite}-slim"

    @property
    def options(self) -> tuple[str, ...]:
        """How it differs from all that mmdebstrap would install, as the official one does."""
        excluded = (f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT)
        # A mirror may serve a list of sid that has expired: sid has no other.
        expired = ("--aptopt=Acquire::Check-Valid-Until false",) if self.suite == SID else ()
        return (
            "--mode=root",
            "--variant=minbase",
            f"--keyring={KEYRING}",
            *excluded,
            "--dpkgopt=path-include=/usr/share/doc/*/copyright",
            "--dpkgopt=force-unsafe-io",
            "--aptopt=Acquire::Languages none",
            "--aptopt=APT::Install-Recommends false",
            *expired,
            '--customize-hook=rm -f "$1"/etc/hostname "$1"/etc/resolv.conf; : >"$1/etc/resolv.conf"',
        )

    @property
    def digest(self) -> str:
        """Changes with the way it is made; what is made stays until then."""
        return hashlib.sha256("\n".join((self.suite, *self.options)).encode()).hexdigest()

    def make(self, archive: Path) -> None:
        """Write its root directory as a tar file.

        Raises:
            HarnessError: apt-get has no Debian mirror, or mmdebstrap failed.
        """
        doing = f"making {self.reference}"
        mirror = debian_mirror(doing)
        if not mirror:
            raise HarnessError(f"{doing} needs a Debian mirror, and apt-get has none: start a Docker engine instead")
        sources = [f"deb {mirror} {self.suite} main"]
        if self.suite != SID:
            sources.append(f"deb {mirror} {self.suite}-updates main")
            sources.append(f"deb {mirror.rstrip('/')}-security {self.suite}-security main")
        run(["mmdebstrap", "-q", *self.options, self.suite, str(archive), *sources], doing)


def ensure_base(suite: str, directory: Path, say: Callable[[str], object]) -> Path:
    """The root directory of a base image as a tar file, made if it is not in the directory.

    Raises:
        HarnessError: it cannot be made.
    """
    base = Base(suite)
    archive = directory / f"{suite}-{base.digest[:16]}.tar"
    if not archive.exists():
        say(f"making {base.reference} from Debian's packages (once; about 25 s)")
        draft = archive.with_suffix(".draft.tar")
        draft.parent.mkdir(parents=True, exist_ok=True)
        base.make(draft)
        draft.replace(archive)
    return archive
