"""Simulated devices: messages, generated or read from a file, published over MQTT."""
