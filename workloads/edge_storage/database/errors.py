"""Errors of the database."""


class DatabaseFileError(Exception):
    """The database file cannot be used; the message names it and the next step."""
