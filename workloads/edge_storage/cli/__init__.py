"""The commands of `edge-storage`: backup, restore, export and query."""

from edge_storage.cli.commands import COMMANDS

__all__ = ["COMMANDS"]
