"""A Secret as kubelet mounts it: files are links into a directory that is replaced as a whole."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass
class MountedSecret:
    """A mount point.

    Attributes:
        directory: of the files.
        version: how often it was written.
    """

    directory: Path
    version: int = 0

    def write(self, files: Mapping[str, str]) -> None:
        """Replace all files at once, as kubelet does."""
        self.directory.mkdir(exist_ok=True)
        self.version += 1
        content = self.directory / f"..{self.version}"
        content.mkdir()
        for name, text in files.items():
            (content / name).write_text(text)
        link = self.directory / "..data_tmp"
        link.symlink_to(content.name)
        link.rename(self.directory / "..data")
        for name in files:
            if not (self.directory / name).is_symlink():
                (self.directory / name).symlink_to(f"..data/{name}")
        for each in self.directory.iterdir():
            if each.is_symlink() and not each.exists():
                each.unlink()
