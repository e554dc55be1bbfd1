"""Errors of the database."""


class DatabaseFileError(Exception):
    """The database file cannot be used; the message names it and says what to do."""
