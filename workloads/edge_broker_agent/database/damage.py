"""The error of a damaged database."""


class DamagedError(Exception):
    """Mosquitto would not start with the database, or would lose a part of it without a message.

    Attributes:
        message: what is wrong.
        intact_bytes: length of the intact part before it.
    """

    def __init__(self, message: str, intact_bytes: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.intact_bytes = intact_bytes
