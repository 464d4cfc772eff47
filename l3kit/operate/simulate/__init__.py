"""Devices that are not there: their messages, made up or taken from a file, and their publication over MQTT."""
