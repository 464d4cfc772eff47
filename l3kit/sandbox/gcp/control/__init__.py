"""Google Cloud's control plane on loopback."""
