"""The one error of the harness."""


class HarnessError(RuntimeError):
    """Something the person who typed the command can act on; the message says how."""


class PortTakenError(HarnessError):
    """A daemon found its port in use; another set of ports helps."""
