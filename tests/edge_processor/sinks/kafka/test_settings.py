"""Which brokers and which login the settings mean."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from edge_processor.settings import ProcessorSettings
from edge_processor.sinks.kafka import kafka_brokers, kafka_destination
from edge_processor.sinks.kafka.config import BATCH_MESSAGES
from edge_processor.sinks.kafka.files import FILES_SECONDS, Files
from edge_processor.sinks.kafka.login import LoginError, read_login
from edge_processor.sinks.kafka.producing.isolation import Isolation
from edge_processor.sinks.kafka.producing.words import in_words


@pytest.mark.parametrize(
    ("output_sink", "kafka_broker", "brokers"),
    [
        ("kafka://broker-1:9092,broker-2:9093", None, "broker-1:9092,broker-2:9093"),
        (" kafka://broker-1/ ", "other:1", "broker-1:9092"),
        ("kafka://[2001:db8::1]:9092, 10.0.0.1:19092", None, "[2001:db8::1]:9092,10.0.0.1:19092"),
        (None, "broker-1:9092", "broker-1:9092"),
        (None, "broker-1,broker-2:29092", "broker-1:9092,broker-2:29092"),
    ],
)
def test_brokers(output_sink: str | None, kafka_broker: str | None, brokers: str) -> None:
    assert kafka_brokers(output_sink, kafka_broker) == brokers


@pytest.mark.parametrize(
    ("output_sink", "kafka_broker", "said"),
    [
        (None, None, "KAFKA_BROKER must be like broker-1:9092,broker-2:9092: it names no broker"),
        ("kafka://", None, "OUTPUT_SINK must be like kafka://broker-1:9092,broker-2:9092: it names no broker"),
        ("s3://bucket", None, "kafka:// is the only supported sink"),
        ("broker:9092", None, "kafka:// is the only supported sink"),
        ("kafka://user:geheim@broker:9092", None, "username and password come from KAFKA_CREDENTIALS_DIR"),
        (None, "user:geheim@broker:9092", "username and password come from KAFKA_CREDENTIALS_DIR"),
        ("kafka://broker:9092/topic", None, "the topic comes from KAFKA_TOPIC"),
        ("kafka://broker:9092?acks=0", None, "nothing may follow the brokers"),
        ("kafka://broker:0", None, "a port is from 1 to 65535"),
        ("kafka://broker:70000", None, "a port is from 1 to 65535"),
        ("kafka://broker:nine", None, "'broker:nine' is not host:port"),
        (None, "broker-1:9092,,broker-2:9092", "'' is not host:port"),
    ],
)
def test_what_is_not_a_list_of_brokers_is_named(output_sink: str | None, kafka_broker: str | None, said: str) -> None:
    with pytest.raises(ValueError, match="must be like") as raised:
        kafka_destination(ProcessorSettings(output_sink=output_sink, kafka_broker=kafka_broker), "log")
    assert said in str(raised.value)
    assert "geheim" not in str(raised.value)


@pytest.mark.parametrize(
    ("files", "protocol"),
    [
        ({"ca.crt": "pem"}, "SSL"),
        ({"ca.crt": "pem", "username": "edge\n", "password": "geheim\n"}, "SASL_SSL"),
        ({"username": "edge", "password": "geheim"}, "SASL_SSL"),
    ],
)
def test_the_files_decide_on_the_protocol(files: Mapping[str, str], protocol: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    login = read_login(tmp_path)
    found = login.settings()
    assert "geheim" not in repr(login)
    assert found.pop("security.protocol") == protocol
    authorities = {"ssl.ca.location": str(tmp_path / "ca.crt")} if "ca.crt" in files else {}
    sasl = {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "edge", "sasl.password": "geheim"}
    assert found == authorities | (sasl if "username" in files else {})


@pytest.mark.parametrize(("present", "missing"), [("username", "password"), ("password", "username")])
def test_half_a_login_is_named(present: str, missing: str, tmp_path: Path) -> None:
    (tmp_path / present).write_text("geheim")
    with pytest.raises(LoginError, match=f"{missing} is missing or empty") as raised:
        read_login(tmp_path)
    assert "geheim" not in str(raised.value)


def test_a_directory_without_files_is_not_plaintext(tmp_path: Path) -> None:
    """The Secret is optional for the kubelet: it may be missing."""
    for missing in (tmp_path, tmp_path / "none"):
        with pytest.raises(LoginError, match=f"{missing} has neither username and password nor ca.crt: create the"):
            read_login(missing)


def test_no_directory_is_plaintext() -> None:
    assert read_login(None).settings() == {"security.protocol": "PLAINTEXT"}


def test_a_file_that_is_replaced_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("one")
    files = Files(tmp_path)
    now = files._at  # noqa: SLF001 - the clock of the test
    monkeypatch.setattr("time.monotonic", lambda: now)
    (tmp_path / "draft").write_text("two")
    (tmp_path / "draft").replace(tmp_path / "password")
    assert not files.have_changed(), "looked too soon"
    now += FILES_SECONDS
    assert files.have_changed()


@pytest.mark.parametrize(
    ("code", "text", "words"),
    [
        (
            KafkaError._TRANSPORT,  # noqa: SLF001
            (
                "sasl_ssl://k-1:9092/bootstrap: Connect to ipv4#10.0.0.1:9092 failed: Connection refused"
                " (after 0ms in state CONNECT, 5 identical error(s) suppressed)"
            ),
            "Kafka cannot be reached: k-1:9092: Connect to ipv4#10.0.0.1:9092 failed: Connection refused",
        ),
        (KafkaError._ALL_BROKERS_DOWN, "2/2 brokers are down", "Kafka cannot be reached: no broker answers"),  # noqa: SLF001
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "", "Kafka does not allow the user to write to the topic t: allow it"),
        (KafkaError.NOT_ENOUGH_REPLICAS, "Broker: {few}", "Kafka: Broker: {few}"),
    ],
)
def test_errors_in_words(code: int, text: str, words: str) -> None:
    assert in_words(KafkaError(code, text), "t") == words


@pytest.mark.process
def test_a_processor_without_kafka_does_not_load_the_client() -> None:
    script = "import sys, edge_processor.sinks.kafka; sys.exit('confluent_kafka' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False, timeout=60).returncode == 0


def test_requests_are_large_while_nothing_is_isolated() -> None:
    isolation = Isolation()
    assert not isolation.take_back((), BATCH_MESSAGES)
    assert not isolation.is_over()
    assert isolation.batch_messages == BATCH_MESSAGES
