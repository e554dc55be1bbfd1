"""Producing with librdkafka: lanes, one producer after another, and the state of the connection."""
