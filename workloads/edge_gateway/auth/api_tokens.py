"""The tokens of people and programs, with their names and roles."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edge_gateway.auth.token import ApiToken, FileContent
from edge_wire.messages import ApiRole, ApiTokenEntry, ApiTokenList, MalformedError, token_digest

DEFAULT_NAME = "api-token"
"""Name of the token in API_TOKEN_FILE, and of the one in the Secret `<site>-api-token`."""

logger = logging.getLogger(__name__)


class ApiTokens:
    """The tokens that the gateway accepts.

    The file has them; the kubelet updates it within about 90 s. The operator also publishes the list on the broker. It
    arrives at once, but only revokes: a token of the file is accepted only if both have it, with the lower one of the
    two roles. Who may publish on a broker that is not ours can thus not create a token.

    Args:
        single: a token without a list, for a gateway without an operator; it has the role Operate.
        path: file with the list; None if there is none.
    """

    def __init__(self, single: ApiToken, path: Path | None) -> None:
        self._single = single
        self._file = FileContent(path, "the file of API tokens")
        self._content = b""
        self._listed = ApiTokenList(()).by_digest()
        self._published: ApiTokenList | None = None

    def on_published(self, current: ApiTokenList | None) -> None:
        """Store the list that the operator has published; None if it was cleared, as when the site is deleted."""
        self._published = current

    def find(self, token: str) -> ApiTokenEntry | None:
        """Return the entry of a token; None if it is not accepted."""
        digest = token_digest(token)
        entry = self._read().get(digest)
        if entry is None:
            return ApiTokenEntry(DEFAULT_NAME, ApiRole.OPERATE, digest) if self._single.matches(token) else None
        if self._published is None:
            return entry
        published = self._published.by_digest().get(digest)
        if published is None:
            return None
        return replace(entry, role=published.role) if entry.role.includes(published.role) else entry

    def _read(self) -> Mapping[str, ApiTokenEntry]:
        content = self._file.read()
        if content != self._content:
            self._content = content
            try:
                self._listed = ApiTokenList.parse(content).by_digest()
            except MalformedError as error:
                logger.warning("cannot read the list of API tokens; still using the previous one: %s", error.message)
        return self._listed
