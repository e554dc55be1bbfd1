"""A marker device: after its transition nothing more can follow from earlier messages; replaces a fixed wait."""

from tests.support.brokered import FENCE, BrokeredSite


class Fence:
    """The device `fence` of a site; its broker needs a login of that name.

    A site's messages are taken in the order in which the broker sends them, wills and silences are judged in the order
    in which they fall due, and statuses are written in the order in which they changed. So what became of the fence
    shows that whatever the operator had to say of the others before has been said.

    Args:
        site: the site.
        offline_after: silence after which the fence is Offline, as a Go duration; for `silence` the same as that of
            the devices that it marks the end for.
    """

    def __init__(self, site: BrokeredSite, offline_after: str = "5m") -> None:
        self._site = site
        site.devices.apply(FENCE, offlineAfter=offline_after)
        self._device = site.wire(FENCE)

    def appear(self) -> None:
        """Have it Online: what the broker had sent to the operator before has been judged and written."""
        self._device.close()
        self._device.session = str(int(self._device.session) + 1)
        self._device.connect()
        self._site.await_phase(FENCE, "Online", seconds=30)

    def leave(self) -> None:
        """Have it Offline by a sign-off: what the broker had sent before has been judged and written."""
        self._device.sign_off()
        self._site.await_phase(FENCE, "Offline", "Disconnected", 30)

    def messages(self) -> None:
        """Return once what the broker had sent to the operator until now has been judged and written."""
        self.appear()
        self.leave()

    def wills(self) -> None:
        """Return once every will that came until now would have been believed."""
        self.appear()
        self._device.vanish()
        self._site.await_phase(FENCE, "Offline", "LastWill", 30)

    def silence(self) -> None:
        """Return once every device that was silent for as long as the fence would have been Offline: `appear` first."""
        self._site.await_phase(FENCE, "Offline", "HeartbeatExpired", 60)
