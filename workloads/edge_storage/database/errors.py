"""How the database can fail its callers."""


class DatabaseFileError(Exception):
    """The database file cannot be used at all; the message names it and says what to do."""
