"""The Debian mirror that this machine's apt uses."""

from e2e.mosquitto.command import run


def debian_mirror(doing: str) -> str | None:
    """Return its address, None where apt has none.

    Raises:
        HarnessError: there is no apt-get, or it does not say; `doing` is what the mirror is needed for.
    """
    sites = run(["apt-get", "indextargets", "--format", "$(SITE)", "Created-By: Packages"], doing).split()
    return next((site for site in sites if site.rstrip("/").endswith("/debian")), None)
