"""MQTT sessions to the sites' brokers: I/O without decisions."""
