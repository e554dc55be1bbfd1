"""Common parts of a site's programs: settings, probes, metrics, logs, MQTT session, store client, graceful shutdown."""
