"""Device liveness: MQTT messages in, device status and Events out, while this process leads."""
