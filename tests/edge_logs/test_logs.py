"""Log lines, and how many of them."""

import json
import logging

import edge_logs as logs


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def record(message: str = "bad payload from %s", *args: object, name: str = "edge") -> logging.LogRecord:
    return logging.LogRecord(name, logging.WARNING, __file__, 1, message, args or ("d1",), None)


def test_a_line_is_one_json_object() -> None:
    line = record("cannot\nread %s", "d1")
    line.object = "device d1"
    said = json.loads(logs.JsonFormatter().format(line))
    assert said["message"] == "cannot\nread d1"
    assert (said["level"], said["logger"], said["object"]) == ("warning", "edge", "device d1")
    assert said["time"].endswith("Z")


def test_a_wrong_call_is_still_a_line() -> None:
    assert json.loads(logs.JsonFormatter().format(record("%d", "x")))["message"] == "%d ('x',)"


def test_a_flood_of_the_same_is_cut_and_counted() -> None:
    clock = Clock()
    limit = logs.RateLimit(per_second=1.0, burst=3, clock=clock)
    assert [limit.filter(record("bad payload from %s", f"d{n}")) for n in range(5)] == [True, True, True, False, False]
    clock.now = 1.0
    line = record()
    assert limit.filter(line)
    assert json.loads(logs.JsonFormatter().format(line))["suppressed"] == 2


def test_another_message_and_another_logger_have_their_own_allowance() -> None:
    limit = logs.RateLimit(burst=1, clock=Clock())
    assert limit.filter(record())
    assert not limit.filter(record())
    assert limit.filter(record("another %s"))
    assert limit.filter(record(name="edge.other"))


def test_the_limit_does_not_grow_without_bound() -> None:
    limit = logs.RateLimit(burst=1, clock=Clock())
    for number in range(2 * logs.MAX_KEYS + 1):
        assert limit.filter(record(f"message {number} %s"))
    assert len(limit._buckets) <= logs.MAX_KEYS  # noqa: SLF001 - the bound is the point


def test_a_line_of_an_audit_has_its_members_and_is_never_withheld() -> None:
    limit = logs.RateLimit(burst=1, clock=Clock())
    for number in range(100):
        line = record()
        setattr(line, logs.AUDIT, {"actor": "cloud", "command_id": str(number)})
        assert limit.filter(line)
        said = json.loads(logs.JsonFormatter().format(line))
        assert (said["actor"], said["command_id"], said["message"]) == ("cloud", str(number), "bad payload from d1")
