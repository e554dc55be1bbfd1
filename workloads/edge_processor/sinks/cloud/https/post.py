"""Posts lines over one connection, when the link allows it."""

from edge_processor.delivery.destination import DeliveryError, LaneName
from edge_processor.sinks.cloud.https.lines.body import Body, Source, compress, headers
from edge_processor.sinks.cloud.https.lines.verdict import Unacceptable, Verdict, judge
from edge_processor.sinks.cloud.https.link import Link
from edge_processor.sinks.http.session import HttpSession


class Poster:
    """Sends the requests of one lane.

    Args:
        name: of the lane, in logs.
        source: of the lines.
        session: the lane's own connection.
        link: the state that all lanes share.
    """

    def __init__(self, name: str, source: Source, session: HttpSession, link: Link) -> None:
        self._source = source
        self._session = session
        self._link = link
        self.state = link.lane(name)

    async def post(self, path: str, body: Body, key: str | None, lane: LaneName | None = None) -> Verdict:
        """Send lines when the next attempt is due; return what the server says about them.

        If the server rejects them as a whole, a request without lines must be answered with 2xx at once: a server that
        rejects everything does not reject the lines.

        Args:
            path: below the endpoint.
            body: with the lines.
            key: what identifies them within the source; None for a request without lines.
            lane: of readings.

        Raises:
            DeliveryError: they are not delivered.
        """
        fields = headers(self._source, body, key)
        if lane is not None:
            fields["Edge-Lane"] = lane

        async def request() -> Verdict:
            verdict = await self._send(path, fields, body)
            if isinstance(verdict, Unacceptable):
                await self._check_takes_any(path, verdict, body.lines)
            return verdict

        return await self._link.attempt(self.state, request)

    async def _check_takes_any(self, path: str, verdict: Unacceptable, lines: int) -> None:
        nothing = compress([])
        if not lines or isinstance(await self._send(path, headers(self._source, nothing, None), nothing), Unacceptable):
            raise DeliveryError(
                f"the server rejects every request, also without lines ({verdict.reason}): correct the endpoint, or"
                " what the server requires of a request"
            )

    async def _send(self, path: str, fields: dict[str, str], body: Body) -> Verdict:
        answer = await self._session.request("POST", path, body.data, fields)
        return judge(answer, body.lines)

    async def close(self) -> None:
        """Close the connection."""
        await self._session.close()
