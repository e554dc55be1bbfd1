"""Device liveness: handles MQTT messages, writes device status and Events, while this process leads."""
