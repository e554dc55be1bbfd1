"""Errors of librdkafka as sentences with the next step, without secrets. Pure."""

import re

from confluent_kafka import KafkaError

_MAX_CHARACTERS = 200
_STATE = re.compile(r" \(after \d+ms in state [A-Z_]+.*\)")
_NAME = re.compile(r"\b(?:sasl_ssl|sasl_plaintext|ssl|plaintext)://([^/\s]+)(/\w+)?")

GENERAL = frozenset({KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT, KafkaError._TRANSPORT, KafkaError._FATAL})  # noqa: SLF001 - public names of librdkafka
"""Codes that are the consequence of another error, or that do not name the cause."""

_BY_CODE = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: "the topic {topic} does not exist: create it, or set auto.create.topics.enable",
    KafkaError._UNKNOWN_TOPIC: "the topic {topic} does not exist: create it, or set auto.create.topics.enable",  # noqa: SLF001
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "Kafka does not allow the user to write to the topic {topic}: allow it",
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: "Kafka does not allow the user idempotent writes: allow IdempotentWrite",
    KafkaError._AUTHENTICATION: "Kafka rejects the login: correct username and password in the Secret ({said})",  # noqa: SLF001
    KafkaError._SSL: "no TLS with Kafka: ca.crt must contain the authority of the brokers' certificates ({said})",  # noqa: SLF001
    KafkaError._RESOLVE: "the name of a Kafka broker has no address: correct it, or the DNS ({said})",  # noqa: SLF001
    **dict.fromkeys(GENERAL, "Kafka cannot be reached: {said}"),
    KafkaError._ALL_BROKERS_DOWN: "Kafka cannot be reached: no broker answers",  # noqa: SLF001
}


def rank_of(error: KafkaError) -> int:
    """Return how much an error says about the cause: 0 only that there is one, 1 of a connection, 2 the cause."""
    if error.code() not in GENERAL:
        return 2
    return 1 if error.code() == KafkaError._TRANSPORT else 0  # noqa: SLF001


def in_words(error: KafkaError, topic: str) -> str:
    """Return what is wrong, and what to do.

    Args:
        error: of librdkafka or of Kafka.
        topic: that was written to.
    """
    said = _tidy(error.str())
    if "ssl.ca.location" in said and error.code() not in _BY_CODE:
        return f"ca.crt cannot be used: correct it in the Secret ({said})"
    return _BY_CODE.get(error.code(), "Kafka: {said}").format(topic=topic, said=said)


def _tidy(text: str) -> str:
    return _NAME.sub(r"\1", _STATE.sub("", text))[:_MAX_CHARACTERS]
