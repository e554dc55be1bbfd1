"""Resource versions of one object: they increase, unless the API server's data was restored from a backup. Pure.

Source: Kubernetes, "Resource versions": since 1.35 they can be compared as whole numbers.
"""


class ClusterRestoredError(Exception):
    """The API server has older data than before: its etcd was restored from a backup.

    A watch continues at a resource version, and the API server sends nothing for it until it has reached that version
    again: the caches would stay wrong for hours, without an error.
    """


class ResourceVersions:
    """The newest resource version in the answers to requests that were sent one after the other."""

    def __init__(self) -> None:
        self._newest = 0

    def check(self, version: str) -> None:
        """Record the version in an answer.

        Args:
            version: as in `metadata.resourceVersion`; anything but a whole number is ignored.

        Raises:
            ClusterRestoredError: an earlier answer had a newer one.
        """
        if not (version.isascii() and version.isdecimal()):
            return
        if int(version) < self._newest:
            raise ClusterRestoredError(
                f"the API server answers with resource version {version} after {self._newest}:"
                " its data was restored from a backup; the operator starts again to read everything"
            )
        self._newest = int(version)
