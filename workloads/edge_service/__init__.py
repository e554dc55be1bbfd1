"""The frame of every program of a site: settings, probes, metrics, logs, MQTT session, an orderly end."""
