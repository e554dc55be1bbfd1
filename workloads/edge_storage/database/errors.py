"""Errors of the database."""


class DatabaseFileError(Exception):
    """The database file cannot be used; the message names it and the next step."""


class CorruptDatabaseError(DatabaseFileError):
    """The database file is damaged, or is not a database."""


class OpeningStoppedError(Exception):
    """The program ends before the database was open; the next start continues."""
