"""Writes the operator's alert rules from their file to the store."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from edge_pacing.backoff import Backoff
from edge_service.store import StoreClient, StoreRefusedError
from edge_wire.store import StoreUnavailableError

logger = logging.getLogger(__name__)


class RulesFileError(Exception):
    """The rules file cannot be used; the message is the reason."""


def read_rules(path: Path) -> Sequence[Mapping[str, Any]]:
    """Return the rules in the file, `{"rules": [...]}`; the store validates them.

    Raises:
        RulesFileError: it cannot be read, or has another format.
    """
    try:
        content = orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RulesFileError(f"RULES_FILE {path} cannot be read: {error}") from error
    rules = content.get("rules") if isinstance(content, dict) else None
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise RulesFileError(f'RULES_FILE {path} must hold {{"rules": [...]}}')
    return rules


async def hand_over_rules(path: Path | None, store: StoreClient, token: int) -> None:
    """Write the rules to the store, however long it is unavailable; if they are invalid, it keeps its previous ones.

    Raises:
        FencedError: another replica is the ingester.
    """
    if path is None:
        return
    try:
        rules = read_rules(path)
    except RulesFileError as error:
        logger.error("the store keeps its previous alert rules: %s", error)  # noqa: TRY400 - the message is complete
        return
    backoff = Backoff()
    while True:
        try:
            await store.put_rules(rules, token=token)
        except StoreUnavailableError as error:
            logger.warning("the alert rules wait for the store: %s", error)
            await asyncio.sleep(backoff.next())
        except StoreRefusedError as error:
            logger.error("the store keeps its previous alert rules: RULES_FILE %s: %s", path, error)  # noqa: TRY400
            return
        else:
            logger.info("%d alert rules are in force", len(rules))
            return
