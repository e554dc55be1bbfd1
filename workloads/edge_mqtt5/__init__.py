"""An MQTT 5 client codec without I/O, for sessions with thousands of messages a second."""
