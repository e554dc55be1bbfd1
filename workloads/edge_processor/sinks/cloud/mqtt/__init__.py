"""The cloud by MQTT over TLS."""

from edge_processor.sinks.cloud.mqtt.cloud import MqttCloud, mqtt_cloud

__all__ = ["MqttCloud", "mqtt_cloud"]
