"""Devices' messages in the sandbox: the MQTT broker, and each cloud's way from it to a function."""
