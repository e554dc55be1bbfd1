"""MQTT sessions with the sites' brokers: I/O without decisions."""
