"""Kafka in the network namespace of a link's far end."""

import shlex
from pathlib import Path
from typing import NamedTuple

from e2e.kafka.build import KafkaPrograms, ensure_kafka
from e2e.kafka.node import HOST, Kafka, new_node
from tests.support.link import Link

LISTENERS = ("listeners", "advertised.listeners")
INTERNAL, WITHOUT_TLS = "CONTROLLER", "PLAINTEXT"


class Certificates(NamedTuple):
    """The authority of the far end, and the certificate of its servers with its key; both in PEM."""

    authority: str
    server: str


class Login(NamedTuple):
    """Username and password of SASL."""

    username: str
    password: str


def kafka_at_far_end(link: Link, directory: Path, certificates: Certificates, login: Login) -> Kafka:
    """Return a node that listens at the far end and calls itself by a name; not started.

    Raises:
        HarnessError: Kafka cannot be had, or its storage cannot be formatted.
    """
    programs, java = ensure_kafka(), directory / "java"
    # Each program of the wrapper replaces itself: the process is Java's.
    java.write_text(f'#!/bin/sh\nexec {shlex.join([*link.far_prefix(), str(programs.java)])} "$@"\n')
    java.chmod(0o700)
    node = new_node(
        KafkaPrograms(java, programs.jars),
        directory / "kafka",
        authority=certificates.authority,
        certificate=certificates.server,
        users={login.username: login.password},
    )
    properties = node.directory / "server.properties"
    lines = [_moved(line, link) for line in properties.read_text().splitlines()]
    properties.write_text("\n".join(lines) + "\n")
    return node


def _moved(line: str, link: Link) -> str:
    """Return a line of server.properties with the addresses of the far end: a name for all that use TLS."""
    key, _, value = line.partition("=")
    if key not in LISTENERS:
        return line
    listeners = []
    for each in value.split(","):
        is_named = key == "advertised.listeners" and WITHOUT_TLS not in each
        host = link.name("kafka") if is_named else link.far
        listeners.append(each if INTERNAL in each else each.replace(HOST, host))
    return f"{key}={','.join(listeners)}"
