"""The ports of a site's components."""

HTTP = 8080
INGEST = 8081
"""Listener of the store for the binary frames of the processor."""

HTTPS = 8443
MQTT = 1883
MQTTS = 8883
MQTT_WEBSOCKETS = 9001
MQTT_COMPONENTS = 1884
"""Listener of the broker that only components of the site and the operator can reach."""

DNS = 53
API_SERVER = (443, 6443, 8443, 16443)
"""Ports of the API server in common distributions, behind the Service's 443."""

SERVICE_HTTP = 80
SERVICE_HTTPS = 443
