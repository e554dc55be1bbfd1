"""The images themselves: small, harmless, ready to run on a read-only root."""

import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.images.catalogue import MOSQUITTO, NAMES, OURS, image_of, project_version
from e2e.testrun.pythons import IMAGES_PYTHON
from tests.support.images import ImageArchive, run_contained

MEGABYTE = 1_000_000
LARGEST = dict.fromkeys(OURS, 90) | {"operator": 130, MOSQUITTO: 30}
"""Megabytes of files in the image; the operator's has what it reads and signs certificates with."""

USERS = dict.fromkeys(OURS, 65532) | {"broker-agent": 1883, MOSQUITTO: 1883}
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    importlib.import_module(module.name)
print(len([name for name in sys.modules if name.startswith(package.__name__)]))
"""


@pytest.fixture(scope="module", params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def root(name: str, archives: dict[str, ImageArchive], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    place = tmp_path_factory.mktemp(name) / "root"
    yield archives[name].unpack(place)
    shutil.rmtree(place)


def test_it_carries_its_full_name(name: str, archives: dict[str, ImageArchive]) -> None:
    annotations = archives[name].descriptor["annotations"]
    assert annotations["org.opencontainers.image.ref.name"] == image_of(name).reference


def test_it_says_what_it_is(name: str, archives: dict[str, ImageArchive]) -> None:
    labels = {key.removeprefix("org.opencontainers.image."): value for key, value in labels_of(archives[name]).items()}
    assert labels["title"]
    assert labels["description"]
    assert labels["licenses"]
    if name in OURS:
        assert labels["version"] == project_version()
        assert labels["revision"] == image_of(name).arguments["REVISION"]
        assert labels["source"]


def labels_of(archive: ImageArchive) -> dict[str, str]:
    return dict(archive.config["config"]["Labels"])


def test_it_runs_as_nobody_in_particular(name: str, archives: dict[str, ImageArchive]) -> None:
    assert archives[name].config["config"]["User"] == f"{USERS[name]}:{USERS[name]}"


def test_it_is_small(name: str, root: Path) -> None:
    files = {(found.st_dev, found.st_ino): found.st_size for found in (path.lstat() for path in root.rglob("*"))}
    assert sum(files.values()) < LARGEST[name] * MEGABYTE


def test_it_has_no_tools(root: Path) -> None:
    programs = {path.name for place in ("usr/bin", "usr/sbin") for path in (root / place).iterdir()}
    assert programs <= {
        *("python3", f"python{IMAGES_PYTHON}"),
        *("mosquitto", "mosquitto_passwd", "mosquitto_pub", "mosquitto_rr", "mosquitto_sub"),
    }
    assert not list(root.glob("usr/lib/python3*/**/pip"))
    assert not list(root.glob("usr/lib/python3*/**/setuptools"))


def test_nothing_in_it_gives_rights_or_can_be_changed(name: str, root: Path) -> None:
    own = {"storage": {"data"}, MOSQUITTO: {"mosquitto"}}.get(name, set())
    for path in root.rglob("*"):
        relative, found = path.relative_to(root), path.lstat()
        if stat.S_ISLNK(found.st_mode) or relative == Path("tmp"):
            continue
        assert not found.st_mode & (stat.S_ISUID | stat.S_ISGID), path
        assert not found.st_mode & stat.S_IWOTH, path
        assert found.st_uid == (USERS[name] if relative.parts[0] in own else 0), path


def test_licences_and_package_states_are_there(root: Path) -> None:
    packages = {path.name for path in (root / "var/lib/dpkg/status.d").iterdir()}
    assert "libc6" in packages
    assert {path.name for path in (root / "usr/share/doc").iterdir()} == packages


def test_all_byte_code_is_there_and_never_compared(name: str, root: Path) -> None:
    sources = list(root.glob("usr/lib/python3*/**/*.py"))
    assert bool(sources) == (name in OURS)
    for source in sources:
        (compiled,) = (source.parent / "__pycache__").glob(f"{source.stem}.cpython-*.pyc")
        with compiled.open("rb") as file:
            # PEP 552: 1 is "by hash, not compared".
            assert file.read(8)[4:] == b"\1\0\0\0", source


def test_its_program_runs_and_all_its_modules_load(name: str, root: Path, archives: dict[str, ImageArchive]) -> None:
    config = archives[name].config["config"]
    variables = dict(pair.split("=", 1) for pair in config["Env"])
    if name == MOSQUITTO:
        shown = run_contained(root, USERS[name], [config["Cmd"][0], "-h"], **variables)
        assert "mosquitto version 2.1." in shown.stdout
        return
    shown = run_contained(root, USERS[name], [*config["Entrypoint"], "--version"], **variables)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert project_version() in shown.stdout
    loaded = run_contained(
        root, USERS[name], ["python3", "-c", IMPORT_ALL, f"edge_{name.replace('-', '_')}"], **variables
    )
    assert loaded.returncode == 0, loaded.stderr
    assert int(loaded.stdout) > 1


def test_the_broker_is_laid_out_as_the_official_one(name: str, root: Path, archives: dict[str, ImageArchive]) -> None:
    if name == MOSQUITTO:
        assert {path.name for path in (root / "mosquitto").iterdir()} == {"config", "data", "log"}
        command = archives[name].config["config"]["Cmd"]
        assert command == ["/usr/sbin/mosquitto", "-c", "/mosquitto/config/mosquitto.conf"]
        assert {path.name for path in (root / "usr/bin").iterdir()} > {"mosquitto_passwd", "mosquitto_pub"}


OWN_PACKAGES = {"operator", "processor"}


def test_images_of_ours_share_their_layers(archives: dict[str, ImageArchive]) -> None:
    layers = {name: [layer["digest"] for layer in archives[name].manifest["layers"]] for name in OURS}
    assert len({digests[0] for digests in layers.values()}) == 1
    assert len({tuple(digests[:2]) for name, digests in layers.items() if name not in OWN_PACKAGES}) == 1
