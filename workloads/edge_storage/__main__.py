"""The console script `edge-storage`."""

from typing import NoReturn

from edge_service.program import Program
from edge_storage.cli import COMMANDS
from edge_storage.serving import serve
from edge_storage.settings import StorageSettings

PROGRAM = Program(
    name="edge-storage",
    about="Stores the readings, alerts and commands of a site in a database file, with an HTTP API.",
    settings=StorageSettings,
    serve=serve,
    commands=COMMANDS,
)


def main() -> NoReturn:
    """Run the store, or one of its commands.

    Raises:
        SystemExit: always; with code 0, 1 or 2 as in `Program.run`.
    """
    PROGRAM.run()


if __name__ == "__main__":
    main()
