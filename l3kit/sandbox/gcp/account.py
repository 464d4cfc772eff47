"""The project of the sandbox's Google Cloud."""

NAME = "gcp"
PROJECT = "l3kit-sandbox"
