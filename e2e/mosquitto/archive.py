"""The source archive of Mosquitto: where it can be had, and that it is the right one."""

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.request
from pathlib import Path

from e2e.cluster.errors import HarnessError
from e2e.cluster.progress import Progress
from e2e.mosquitto.command import run
from e2e.mosquitto.debian import debian_mirror

VERSION = "2.1.2"
TREE = "d4b102199e6ef7f903998255acf6f4c09099cf0eb7f39100624819b9fe5f62ca"
"""Digest of the files inside, so that it does not matter who packed them."""

PUBLISHED = f"https://github.com/eclipse-mosquitto/mosquitto/archive/refs/tags/v{VERSION}.tar.gz"
DOWNLOAD_SECONDS = 30


def tree_digest(archive: Path) -> str:
    """Return a digest of the names and contents in a tar file, without its top folder, owners and times."""
    whole = hashlib.sha256()
    with tarfile.open(archive) as tar:
        members = {member.name.partition("/")[2]: member for member in tar if not member.isdir()}
        for name, member in sorted(members.items()):
            file = tar.extractfile(member) if member.isfile() else None
            content = file.read() if file else member.linkname.encode()
            whole.update(f"{name} {'f' if file else 'l'} {len(content)}\n".encode() + content)
    return whole.hexdigest()


def ensure_archive(directory: Path, progress: Progress) -> Path:
    """Return the archive in `directory`, brought there from Debian or from the project's site if it is missing.

    Raises:
        HarnessError: it cannot be had, or is not what it should be.
    """
    kept = directory / f"mosquitto-{VERSION}.tar.gz"
    if kept.exists() and _is_right(kept):
        return kept
    problems = []
    directory.mkdir(parents=True, exist_ok=True)
    for bring in (_from_debian, _from_the_project):
        with tempfile.TemporaryDirectory(dir=directory) as draft:
            try:
                found = bring(Path(draft), progress)
                if _is_right(found):
                    return found.replace(kept)
                problems.append(f"{found.name} is another version, or was changed")
            except (HarnessError, OSError) as error:
                problems.append(str(error))
    raise HarnessError(
        f"the source of Mosquitto {VERSION} cannot be had: put {PUBLISHED} at {kept}, or install Mosquitto {VERSION}"
        f" or later. What was tried: {'; '.join(problems)}"
    )


def _is_right(archive: Path) -> bool:
    try:
        return tree_digest(archive) == TREE
    except (tarfile.TarError, EOFError):
        return False


def _from_debian(draft: Path, progress: Progress) -> Path:
    """Bring Debian's source package with this machine's apt, from the mirror that it uses; touches no file of apt."""
    doing = f"downloading the source of Mosquitto {VERSION} from Debian"
    mirror = debian_mirror(doing)
    if not mirror:
        raise HarnessError("apt-get has no Debian mirror")
    progress.say(doing)
    for name in ("lists/partial", "cache/archives/partial"):
        (draft / name).mkdir(parents=True)
    # Unsigned is fine: the content is compared with the digest above.
    (draft / "sources.list").write_text(f"deb-src [trusted=yes check-valid-until=no] {mirror} sid main\n")
    places = {
        "Dir::Etc::sourcelist": draft / "sources.list",
        "Dir::Etc::sourceparts": Path(os.devnull),
        "Dir::State::lists": draft / "lists",
        "Dir::Cache": draft / "cache",
    }
    apt = ["apt-get", "-q", *(word for key, path in places.items() for word in ("-o", f"{key}={path}"))]
    run([*apt, "update"], doing)
    run([*apt, "source", "--download-only", "mosquitto"], doing, directory=draft)
    found = sorted(draft.glob("mosquitto_*.orig.tar.*"))
    if not found:
        raise HarnessError("Debian's source package has no original archive")
    return found[0]


def _from_the_project(draft: Path, progress: Progress) -> Path:
    progress.say(f"downloading {PUBLISHED}")
    target = draft / "published.tar.gz"
    with urllib.request.urlopen(PUBLISHED, timeout=DOWNLOAD_SECONDS) as answer, target.open("wb") as file:
        shutil.copyfileobj(answer, file)
    return target
