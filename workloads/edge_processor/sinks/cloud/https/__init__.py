"""Delivers readings and alerts to an HTTPS server, as NDJSON in POST requests."""

from edge_processor.sinks.cloud.https.cloud import HttpsCloud, https_cloud

__all__ = ["HttpsCloud", "https_cloud"]
