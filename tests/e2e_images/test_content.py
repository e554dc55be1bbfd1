"""What makes an image another one: contents, names and modes, not times and not what Python leaves behind."""

import os
import subprocess
from pathlib import Path

import pytest

from e2e.images.content import digest_of, files_of, revision_of
from e2e.images.home import pip_settings

pytestmark = pytest.mark.process

SOURCES = ("package", "lock.txt")
AUTHOR = {f"GIT_{who}_{what}": "test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "package" / "inner").mkdir(parents=True)
    (tmp_path / "package" / "inner" / "module.py").write_text("pass")
    (tmp_path / "lock.txt").write_text("pinned")
    (tmp_path / "other.txt").write_text("other")
    return tmp_path


def git(tree: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tree), **AUTHOR}
    done = subprocess.run(
        ["git", *arguments], cwd=tree, env=environment, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tree: Path) -> Path:
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message", "one")
    return tree


def test_the_digest_is_the_same_for_the_same(tree: Path) -> None:
    before = digest_of(tree, SOURCES, "word")
    os.utime(tree / "lock.txt", (1, 1))
    (tree / "package" / "__pycache__").mkdir()
    (tree / "package" / "__pycache__" / "module.pyc").write_text("compiled")
    (tree / "other.txt").write_text("changed")
    assert digest_of(tree, SOURCES, "word") == before


def test_the_digest_is_another_for_every_change(tree: Path) -> None:
    module, lock = tree / "package" / "inner" / "module.py", tree / "lock.txt"
    digests = [digest_of(tree, SOURCES, "word"), digest_of(tree, SOURCES, "wor", "d"), digest_of(tree, SOURCES)]
    module.write_text("changed")
    digests.append(digest_of(tree, SOURCES, "word"))
    lock.chmod(0o755)
    digests.append(digest_of(tree, SOURCES, "word"))
    module.rename(module.with_name("renamed.py"))
    digests.append(digest_of(tree, SOURCES, "word"))
    (tree / "package" / "new.py").write_text("")
    digests.append(digest_of(tree, SOURCES, "word"))
    assert len(set(digests)) == len(digests)


def test_files_come_in_order(tree: Path) -> None:
    assert [path.name for path in files_of(tree, SOURCES)] == ["module.py", "lock.txt"]


def test_the_revision_is_of_the_last_commit_that_touched_the_sources(repository: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    (repository / "other.txt").write_text("changed")
    git(repository, "commit", "--quiet", "--all", "--message", "two")
    assert revision_of(repository, SOURCES) == first
    (repository / "lock.txt").write_text("changed")
    assert revision_of(repository, SOURCES) == f"{first}-dirty"
    git(repository, "commit", "--quiet", "--all", "--message", "three")
    assert revision_of(repository, SOURCES) == git(repository, "rev-parse", "HEAD")


def test_without_git_the_revision_is_unknown(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert revision_of(tree, SOURCES) == "unknown"
    monkeypatch.setenv("PATH", str(tree))
    assert revision_of(tree, SOURCES) == "unknown"


def test_pip_in_the_build_is_set_as_it_is_here() -> None:
    listed = """\
:env:.index-url='https://from.the/environment'
global.cert='/etc/ssl/ca.crt'
global.index-url='https://from.the/file'
global.find-links='/only/here'
install.retries='7'
list.format='json'
"""
    assert pip_settings(listed) == {
        "cert": "/etc/ssl/ca.crt",
        "index-url": "https://from.the/environment",
        "retries": "7",
    }
