"""What requests ask for: service by service, from a request to the permissions it needs."""
