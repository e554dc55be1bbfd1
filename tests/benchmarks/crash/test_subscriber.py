"""What the subscriber writes down, and what is read of it."""

from pathlib import Path

from benchmarks.crash.collected import SubscriberFile
from benchmarks.crash.evidence import Key
from benchmarks.crash.subscriber import line
from benchmarks.path.wire import Publish

READING = b'{"device_id":"d1","session":"s","seq":4,"offset":17,"value":1}'
ALERT = b'{"device_id":"d1","alert_id":"a1","state":"firing"}'


def test_readings_and_alerts_are_read_as_they_were_written(tmp_path: Path) -> None:
    out = SubscriberFile(tmp_path / "out")
    whole = line(Publish(b"cloud/sensors/d1", b"\0\1", READING)) + line(Publish(b"alerts/d1", b"\0\2", ALERT))
    out.path.write_bytes(whole + b"reading d1 s 5")
    assert out.read() == 2
    (reading,), (alert,) = out.published, out.alerts
    assert (reading.key, reading.offset) == (Key("d1", "s", 4), 17)
    assert alert[:3] == ("d1", "a1", "firing")
    out.forget()
    with out.path.open("ab") as file:
        file.write(b" 18 99\n")
    assert (out.read(), out.published[0].digest, out.alerts) == (1, 99, [])


def test_another_payload_has_another_digest(tmp_path: Path) -> None:
    one, other = (line(Publish(b"cloud/sensors/d1", b"\0\1", READING + space)) for space in (b"", b" "))
    assert one != other
