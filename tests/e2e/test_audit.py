"""Reading an audit log that is being written."""

import json
from pathlib import Path

import pytest

from e2e.cluster.audit import AuditCursor
from e2e.cluster.errors import HarnessError


def _line(verb: str = "create", stage: str = "ResponseComplete", **more: object) -> str:
    event = {
        "stage": stage,
        "verb": verb,
        "user": {"username": "someone"},
        "requestURI": "/api/v1/namespaces/n/pods",
        "requestReceivedTimestamp": "2026-01-01T00:00:00.000001Z",
        "stageTimestamp": "2026-01-01T00:00:00.000002Z",
        "objectRef": {"resource": "pods", "namespace": "n"},
        "responseStatus": {"code": 201},
    }
    return json.dumps(event | more) + "\n"


class Log:
    """An audit log and a server that writes its marker requests there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.answers = True

    def write(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)

    def ask(self, user_agent: str) -> int:
        if not self.answers:
            return 0
        self.write(_line(verb="get", userAgent=user_agent, objectRef={}))
        return 200


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "audit.log")


def test_only_complete_writes_after_the_cursor_count(log: Log) -> None:
    log.write(_line() * 3)
    cursor = AuditCursor(log.path, log.ask)
    log.write(_line(verb="watch", stage="ResponseStarted") + _line(verb="list") + _line(verb="patch"))
    assert [event.verb for event in cursor.events()] == ["list", "patch"]
    assert [event.verb for event in cursor.writes()] == ["patch"]
    assert cursor.writes(user="another") == ()
    assert cursor.writes(resource="nodes") == ()
    cursor.advance()
    assert cursor.events() == ()


def test_impersonated_user_is_the_user(log: Log) -> None:
    cursor = AuditCursor(log.path, log.ask)
    log.write(_line(impersonatedUser={"username": "other"}))
    assert [event.user for event in cursor.events()] == ["other"]


def test_line_being_written_when_the_cursor_is_made(log: Log) -> None:
    line = _line()
    log.write(line + line[:40])

    def finish_then_ask(user_agent: str) -> int:
        log.write(line[40:])
        return log.ask(user_agent)

    cursor = AuditCursor(log.path, finish_then_ask)
    assert isinstance(cursor, AuditCursor)


def test_server_that_does_not_answer_is_reported(log: Log) -> None:
    cursor = AuditCursor(log.path, log.ask)
    log.answers = False
    with pytest.raises(HarnessError, match=r"does not answer, so the end of .* is not known: start it first"):
        cursor.events()
