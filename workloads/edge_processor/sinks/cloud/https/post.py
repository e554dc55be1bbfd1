"""Posts lines over one connection, when the link allows it."""

from edge_processor.delivery.destination import LaneName
from edge_processor.sinks.cloud.https.connection.channel import Channel
from edge_processor.sinks.cloud.https.failure import ServerRefusedError
from edge_processor.sinks.cloud.https.lines.body import Body, Source, compress, headers
from edge_processor.sinks.cloud.https.lines.verdict import Unacceptable, Verdict, judge
from edge_processor.sinks.cloud.https.link import Link


class Poster:
    """Sends the requests of one lane.

    Args:
        name: of the lane, in logs.
        source: of the lines.
        channel: the lane's own connection.
        link: the state that all lanes share.
        answer_seconds: the time for an answer, beside the time for the body.
    """

    def __init__(self, name: str, source: Source, channel: Channel, link: Link, answer_seconds: float) -> None:
        self._source = source
        self._channel = channel
        self._link = link
        self._answer_seconds = answer_seconds
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
            FailedError: they are not delivered.
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
            raise ServerRefusedError(
                f"the server rejects every request, also without lines ({verdict.reason}): correct the endpoint, or"
                " what the server requires of a request"
            )

    async def _send(self, path: str, fields: dict[str, str], body: Body) -> Verdict:
        answer = await self._channel.request("POST", path, fields, body.data, self._answer_seconds)
        return judge(answer, body.lines)

    async def close(self) -> None:
        """Close the connection."""
        await self._channel.close()
