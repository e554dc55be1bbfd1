"""How the database can fail its callers."""


class StoreUnavailableError(Exception):
    """The database could not commit now; nothing of the request was kept unless the message says otherwise."""


class DatabaseFileError(Exception):
    """The database file cannot be used at all; the message names it and says what to do."""
