"""The console script `edge-storage`."""

from typing import NoReturn

from edge_service.program import Program
from edge_storage.serving import serve
from edge_storage.settings import StorageSettings


def main() -> NoReturn:
    """Run the store.

    Raises:
        SystemExit: always; with code 0, 1 or 2 as in `Program.run`.
    """
    Program(
        name="edge-storage",
        about="Stores the readings, alerts and commands of a site in a database file, with an HTTP API.",
        settings=StorageSettings,
        serve=serve,
    ).run()


if __name__ == "__main__":
    main()
