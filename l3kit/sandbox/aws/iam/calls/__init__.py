"""Permissions that a request needs, by service."""
