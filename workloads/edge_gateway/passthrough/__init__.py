"""MQTT passed through to the broker, byte for byte."""
