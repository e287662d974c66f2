"""MQTT brokers: plain JSON messages and Sparkplug B, acknowledged once they are stored."""

from ingest.inputs.mqtt.input import MqttInput

__all__ = ["MqttInput"]
